"""The five people of each demo account. Their logins are promised by the README."""

from app.demo.shapes import Person
from db.models.vocabulary import Role

ACME = (
    Person(
        "tier1",
        "Maya Lindqvist",
        Role.ENGINEER,
        1,
        ("Microsoft 365", "Windows 11", "Printing", "Customer communication"),
    ),
    Person(
        "tier2",
        "Tomás Herrera",
        Role.ENGINEER,
        2,
        ("Conditional Access", "FortiGate", "Veeam", "SQL Server"),
    ),
    Person(
        "tier3",
        "Hannah Osei",
        Role.ENGINEER,
        3,
        ("Hyper-V", "Active Directory", "PKI and RADIUS", "Exchange hybrid"),
    ),
    Person("admin", "Graham Pell", Role.ADMIN, 3, ("Service delivery", "Major incidents")),
    Person("viewer", "Ruth Calloway", Role.VIEWER, 1, ("Account management",)),
)

GLOBEX = (
    Person(
        "tier1",
        "Jonah Whitaker",
        Role.ENGINEER,
        1,
        ("Microsoft 365", "VoIP", "Endpoint support"),
    ),
    Person(
        "tier2",
        "Aisha Noor",
        Role.ENGINEER,
        2,
        ("Remote Desktop Services", "Backup and recovery", "Intune"),
    ),
    Person(
        "tier3",
        "Piotr Zielinski",
        Role.ENGINEER,
        3,
        ("Azure networking", "Sophos", "BitLocker and TPM"),
    ),
    Person("admin", "Helen Marsh", Role.ADMIN, 3, ("Service delivery", "Security")),
    Person("viewer", "Sam Ortega", Role.VIEWER, 1, ("Billing",)),
)
