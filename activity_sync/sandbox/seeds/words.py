"""The vocabulary of the invented data: names as they really are, and what people write about their work."""

FIRST_NAMES = (
    "Anna", "Björn", "Chloé", "Dmitri", "Elif", "Fatima", "Giovanni", "Hana", "Iñigo", "Jürgen", "Kateřina", "Liam",
    "Māra", "Noor", "Øystein", "Paula", "Quentin", "Rosa", "Siobhán", "Tomás", "Ursula", "Věra", "Wanjiru", "Xiu",
    "Yara", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "O'Brien", "D'Angelo", "Müller", "van der Berg", "Nowak", "García", "Schröder", "Ó Súilleabháin", "Lindqvist",
    "Kowalczyk", "Dubois", "Okafor", "Tanaka", "N'Diaye", "Petrov", "Haddad", "Silva", "Jensen", "Rossi", "Weiß",
    "M'Bappé", "Horváth", "Y\u0131lmaz", "Smith-Jones",
)  # fmt: skip
COMPANY_NAMES = (
    "Adler & Sons", "Brightwater", "Cobalt Works", "D'Arcy Logistics", "Eastgate Foods", "Fjord Analytics",
    "Granite Path", "Hollow Oak", "Ibis Travel", "Juniper Labs", "Kestrel Energy", "Larkspur Media", "Maple & Stone",
    "Northfold", "Ostwind GmbH", "Pinecrest", "Quarry Lane", "Red Kite Studio", "Saltmarsh", "Tern & Co",
)  # fmt: skip
TOPICS = (
    "the renewal", "the pilot", "the offer", "the delivery dates", "the contract", "the invoice", "the integration",
    "the training", "the workshop", "the roadmap", "the trade fair", "the support case",
)  # fmt: skip
SENTENCES = (
    "We went through {topic} and agreed on the next step.",
    "They asked for a second look at {topic}; I promised an answer by Friday.",
    "{name} will send the figures tomorrow.",
    "The budget for {topic} is approved, the date is not.",
    "No objections, but legal has to read {topic} first.",
    "Left a message about {topic}.",
    "They compare us with two others & want references.",
    "Price was fine; {topic} needs fewer pages.",
)
RIGHT_TO_LEFT = "שלום עולם, תודה על הפגישה. مرحبا، شكرا على الاجتماع."
EMOJI = "Great call 🎉👩🏽‍💻 see you at the booth 🇩🇪, 100 % 😀"
