"""Web addresses as domains, for comparison."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

_FREE_MAIL_TEXT: Final = """
    126.com 163.com 21cn.com alice.it aliyun.com aol.com arcor.de att.net bellsouth.net bigpond.com bluemail.ch
    bluewin.ch bol.com.br btinternet.com centrum.cz chello.at comcast.net cox.net daum.net duck.com earthlink.net
    email.cz email.it fastmail.com fastmail.fm foxmail.com free.fr freemail.hu freenet.de gmail.com gmx.at gmx.ch
    gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com hotmail.be hotmail.co.uk hotmail.com hotmail.de
    hotmail.es hotmail.fr hotmail.it hotmail.nl hushmail.com icloud.com inbox.lv inbox.ru interia.pl kabelmail.de
    laposte.net libero.it list.ru live.be live.ca live.co.uk live.com live.com.au live.de live.fr live.it live.nl
    mac.com mail.com mail.de mail.ru mailbox.org me.com msn.com naver.com netcologne.de o2.pl onet.pl online.de
    optonline.net optusnet.com.au orange.fr outlook.com outlook.com.br outlook.de outlook.es outlook.fr outlook.it
    pm.me posteo.de proton.me protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com
    rogers.com sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sky.com skynet.be sohu.com sympatico.ca t-online.de
    talktalk.net telenet.be terra.com.br tiscali.it tuta.com tutanota.com tutanota.de uol.com.br verizon.net
    virgilio.it virginmedia.com vodafone.de vodafone.it wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp
    yahoo.co.uk yahoo.com yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.mx yahoo.de yahoo.es yahoo.fr yahoo.in
    yahoo.it yandex.com yandex.ru yeah.net ymail.com ziggo.nl zoho.com
"""
FREE_MAIL: Final = frozenset(_FREE_MAIL_TEXT.split())
"""Domains at which anybody has an address: they say nothing of a company."""


def domain_of(website: str) -> str:
    """The host of a web address as a domain, in lower case, without `www.`; empty when there is none.

    `https://www.Example.com/path` is `example.com`, and so is a bare `Example.com`.
    """
    text = website.strip().lower()
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    if "." not in host or any(char.isspace() for char in host):
        return ""
    return _in_letters(host.removeprefix("www.").rstrip("."))


def company_domain(website: str) -> str:
    """As `domain_of`, and empty where the domain is anybody's."""
    domain = domain_of(website)
    return "" if domain in FREE_MAIL else domain


def spellings(domain: str) -> tuple[str, ...]:
    """A domain as systems may hold it: in letters, and beyond ASCII also in the form that name servers know."""
    try:
        served = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return (domain,)
    return (domain,) if served == domain else (domain, served)


def _in_letters(host: str) -> str:
    """`xn--mller-kva.example` as a reader knows it."""
    if "xn--" not in host:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host
