"""The session that ``baton demo`` works on in front of the audience."""

from datetime import timedelta

from app.demo.shapes import Case, Customer, Escalation, Resolution, Ticket
from app.demo.steps import FAILED, INCONCLUSIVE, WORKED, action, check, finding, question
from db.models.vocabulary import Confidence, Priority

ESCALATION = Escalation(
    at=7,
    reason="Repackaging the agent and changing the enrolment page is tier 2 work.",
    notes="Lena can spare one laptop for tests all day. Don't lift the page's app blocking.",
    priority=Priority.HIGH,
)

RESOLUTION = Resolution(
    8,
    "The vendor's agent was repackaged as a Win32 app with a dependency on the PMS client; one "
    "laptop enrolled in 24 minutes, the other six follow today.",
)

AUTOPILOT_TIMES_OUT = Case(
    owner="tier1",
    summary="Seven new laptops stop in Autopilot at 'Apps (2 of 6)' with 0x800705b4",
    domain="Intune and Autopilot",
    environment=(
        "Lenovo ThinkPad L14 Gen 5, Windows 11 24H2, Autopilot user-driven Entra join, tenant "
        "orchardvets.example. Enrolment status page blocks on six apps, time limit 60 minutes. "
        "Clinic network behind a WatchGuard T45 with HTTPS inspection."
    ),
    customer=Customer(
        "Orchard Veterinary Partners",
        "Lena Brandt, reception, +44 1632 960188",
        timedelta(hours=4),
    ),
    ticket=Ticket("ConnectWise", "483060"),
    confidence=Confidence.MEDIUM,
    age=timedelta(0),
    steps=(
        question(
            1,
            "All seven, and since when?",
            "All seven from this week's delivery. The three of last month went through in 25 "
            "minutes. New starters sign in on Monday.",
        ),
        check(
            2,
            WORKED,
            "Which app does it wait for?",
            "Get-AutopilotDiagnostics.ps1 -Online: Win32 app 'Cortex PMS Client 9.2', state "
            "InProgress for 58 minutes, then 0x800705b4 (timeout). Company Portal installed fine.",
        ),
        check(
            3,
            FAILED,
            "Licences and group membership",
            "Users have Business Premium, devices are in 'AP-Clinic', profile assigned.",
            hypothesis="Devices or users are missing from the deployment group",
        ),
        action(
            4,
            FAILED,
            "Reset one laptop and try again on a phone's hotspot",
            "Same app, same timeout, so it isn't the clinic's HTTPS inspection.",
            hypothesis="HTTPS inspection breaks the content download",
        ),
        check(
            5,
            WORKED,
            "IntuneManagementExtension.log",
            "[Win32App] ExecManager: exit code 1618, retry in 5 minutes; repeated 11 times.\n"
            "1618 is ERROR_INSTALL_ALREADY_RUNNING: another MSI installation holds the mutex.",
            hypothesis="Another MSI installation runs for the whole time",
        ),
        finding(
            6,
            "Two kinds of app at the same time",
            "The vendor's agent was added last week as a line-of-business MSI. Mixing LOB and "
            "Win32 apps on the enrolment page lets both installers collide.",
            hypothesis="LOB and Win32 apps collide on the enrolment status page",
            outcome=INCONCLUSIVE,
        ),
    ),
    escalation=ESCALATION,
    resolution=RESOLUTION,
)
