"""meltano-tap-hubspot with the streams of e-mails alone.

It reads the properties of every object type it knows at each start, also of those whose streams are not selected, and
the sandbox has not all of these types. Everything else is the tool's own, its command line included.
"""

from singer_sdk.streams import RESTStream
from tap_hubspot.client import AssociationsStream
from tap_hubspot.streams import EmailStream
from tap_hubspot.tap import TapHubspot


class Emails(TapHubspot):
    """The tap, with fewer streams."""

    def discover_streams(self) -> list[RESTStream]:
        """E-mails, and what the configuration says that they hang on."""
        ends = self.config.get("associations", {}).get("emails", [])
        return [EmailStream(self), *(AssociationsStream(self, "emails", end) for end in ends)]


if __name__ == "__main__":
    Emails.cli()
