"""Names, places and things to make records of."""

from __future__ import annotations

from typing import Final

SURNAMES: Final = (
    "Ashworth", "Bell", "Brontë", "Byrne", "Campbell", "Chowdhury", "Crawford",
    "D'Arcy", "Doherty", "Evans", "Fitzgerald", "Fraser", "García", "Graham",
    "Griffiths", "Hughes", "Iqbal", "Jones", "Kaur", "Kelly", "Llewellyn",
    "MacLeod", "McCarthy", "Müller", "Nguyen", "Ní Bhriain", "O'Brien", "O'Neill",
    "Okafor", "Osborne", "Patel", "Pritchard", "Quinn", "Reilly", "Robertson",
    "Ó Súilleabháin", "Smith", "Stewart", "Thomas", "Turner", "Walsh", "Whitaker",
    "Williams", "Wójcik", "Yates",
)  # fmt: skip
FIRST_NAMES: Final = (
    "Aisling", "Alun", "Amelia", "Björn", "Callum", "Chloë", "Daniel", "Eilidh",
    "Fatima", "George", "Hannah", "Imran", "Jack", "Keira", "Liam", "Megan",
    "Niamh", "Oliver", "Priya", "Rhys", "Róisín", "Siân", "Thomas", "Zoë",
)  # fmt: skip
TRADES: Final = (
    "Brewing", "Building Supplies", "Catering", "Châteaux Wines", "Civil Engineering",
    "Dairies", "Electrical", "Fabrications", "Flooring", "Foods", "Forge",
    "Garden Centres", "Hardware", "Haulage", "Interiors", "Joinery", "Laundry",
    "Lighting", "Marine", "Motors", "Optical", "Packaging", "Plumbing", "Printers",
    "Roofing", "Textiles", "Timber", "Tools 100%", "Valves_UK", "Veterinary",
)  # fmt: skip
LEGAL_FORMS: Final = (
    "Ltd",
    "plc",
    "& Sons",
    "& Co.",
    "LLP",
    "(UK) Ltd",
    "Bros",
    "Group",
)
TOWNS: Final = (
    ("Aberdeen", "Aberdeenshire", "AB10"), ("Bangor", "Gwynedd", "LL57"),
    ("Belfast", "Antrim", "BT1"), ("Birmingham", "West Midlands", "B4"),
    ("Bristol", "Avon", "BS1"), ("Cardiff", "South Glamorgan", "CF10"),
    ("Derry", "Londonderry", "BT48"), ("Exeter", "Devon", "EX1"),
    ("Galway", "Co. Galway", "H91"), ("Glasgow", "Lanarkshire", "G2"),
    ("King's Lynn", "Norfolk", "PE30"), ("Leeds", "West Yorkshire", "LS1"),
    ("London", "", "EC2A"), ("Newcastle upon Tyne", "Tyne and Wear", "NE1"),
    ("Stratford-upon-Avon", "Warwickshire", "CV37"), ("York", "North Yorkshire", "YO1"),
)  # fmt: skip
STREETS: Final = (
    "Bishop's Way", "Castle Street", "Chapel Lane", "Church Road", "Dock Road",
    "Enterprise Park", "High Street", "King's Road", "Mill Lane", "Station Approach",
    "Trading Estate", "Victoria Road",
)  # fmt: skip
THINGS: Final = (
    "Bearing", "Bolt M8 x 40", "Bracket", "Café table", "Chair", "Clamp", "Desk lamp",
    "Door handle", 'Drill bit 5/16"', "Façade panel", "Filter", "Gasket", "Hinge",
    'Hose 1/2"', "Kettle", "Ladder", "Mug", "Paint 5 l", "Pump", "Shelf", "Switch",
    "Tap", "Valve", "Wrench",
)  # fmt: skip
MATERIALS: Final = (
    "Aluminium", "Brass", "Ceramic", "Copper", "Galvanised", "Nylon", "Oak", "PTFE",
    "Rubber", "Stainless", "Steel 50% recycled", "Zinc",
)  # fmt: skip
CODES: Final = (
    "", "", "North", "South", "East", "West", "Retail", "Trade", "Export", "Key account",
    "Web", "Telesales", "O'Hare", "R&D", "Q1", "Q2", "Bronze", "Silver", "Gold",
)  # fmt: skip
