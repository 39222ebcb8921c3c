"""Acme: printing and certificates."""

from datetime import timedelta

from app.demo.shapes import Case, Customer, Resolution, Ticket
from app.demo.steps import FAILED, WORKED, action, check, finding, question
from db.models.vocabulary import Confidence

PRINTERS_GONE_FOR_NEW_PCS = Case(
    owner="tier1",
    summary="New Windows 11 PCs can't connect to any printer of the print server: 0x00000709",
    domain="Printing",
    environment=(
        "Print server SRV-PRN01, Windows Server 2019, 23 queues (Kyocera, HP), type 3 drivers. Six "
        "new PCs on Windows 11 23H2, 60 old ones on Windows 10 22H2. Server VLAN is behind a "
        "SonicWall TZ570 with a rule set per service."
    ),
    customer=Customer("Harbour & Finch Solicitors", "Isla Grant, reception, +44 131 496 0170"),
    ticket=Ticket("ConnectWise", "481377"),
    confidence=Confidence.HIGH,
    age=timedelta(days=6, hours=3),
    steps=(
        question(
            3,
            "Old PCs as well?",
            "No. The Windows 10 machines print on all queues. The six new ones fail on every "
            "queue: 'Windows cannot connect to the printer. Operation could not be completed "
            "(error 0x00000709). Double check the printer name and make sure that the printer is "
            "connected to the network.'",
        ),
        check(
            9,
            FAILED,
            "Permissions and Point and Print",
            "User is in 'Printers-Staff', queue permits Print. Point and Print restrictions name "
            "SRV-PRN01 as trusted; driver is on the PC already by Intune.",
            hypothesis="Point and Print restrictions refuse the driver",
        ),
        check(
            15,
            FAILED,
            "RPC authentication level of the server",
            "RpcAuthnLevelPrivacyEnabled isn't set on SRV-PRN01, and both ends are fully patched. "
            "That mismatch would give 0x0000011b anyway, not 0x00000709.",
            hypothesis="RpcAuthnLevelPrivacyEnabled mismatch after updates",
        ),
        check(
            24,
            WORKED,
            "Trace a connection attempt",
            "pktmon on LT-HF52: TCP 135 to SRV-PRN01 answers, then SYN to 49671, no answer. A "
            "Windows 10 PC uses 445 only (named pipe \\pipe\\spoolss). From Windows 11 22H2 on, "
            "printing speaks RPC over TCP by default.",
            hypothesis="The firewall blocks RPC over TCP that Windows 11 uses for printing",
        ),
        action(
            38,
            WORKED,
            "Try with RPC over named pipes on one PC",
            "Local policy Printers > Configure RPC connection settings: RPC over named pipes. "
            "Spooler restarted, queue connects, test page printed.",
            hypothesis="The firewall blocks RPC over TCP that Windows 11 uses for printing",
        ),
        action(
            64,
            WORKED,
            "Do it properly",
            "On SRV-PRN01 'Configure RPC over TCP port' set to 50171, SonicWall rule for staff "
            "VLAN to SRV-PRN01 tcp/135 and tcp/50171. Local policy on the test PC removed again.",
        ),
        check(
            75,
            WORKED,
            "All six PCs",
            "Queues connect on all six, old PCs unaffected, duplex default kept.",
        ),
    ),
    resolution=Resolution(
        80,
        "Windows 11 prints over RPC/TCP instead of named pipes, and the firewall let only SMB "
        "through to the print server. Server now uses a fixed RPC port (50171), which is allowed "
        "from the staff VLAN. Standard build checklist updated for sites with a server VLAN.",
    ),
)

GATEWAY_CERTIFICATE_RENEWED_BUT_OLD = Case(
    owner="tier2",
    summary="Remote workers locked out: RD Gateway still presents the expired certificate",
    domain="Certificates",
    environment=(
        "SRV-RDG01, Windows Server 2022, RD Gateway and Web Access, remote.castellanpm.example. "
        "win-acme 2.2.9 with Let's Encrypt, HTTP-01 validation, scheduled task daily at 09:00. "
        "About 30 remote users."
    ),
    customer=Customer(
        "Castellan Property Management", "Dana Whitfield, finance lead, +44 20 7946 0142"
    ),
    ticket=Ticket("ConnectWise", "482377"),
    confidence=Confidence.HIGH,
    age=timedelta(days=1, hours=20),
    steps=(
        check(
            2,
            WORKED,
            "What do users see?",
            "mstsc: Your computer can't connect to the remote computer because the Remote Desktop "
            "Gateway server's certificate has expired or has been revoked. 17 users called within "
            "the first hour.",
        ),
        check(
            5,
            WORKED,
            "Which certificate is on the wire?",
            "openssl s_client -connect remote.castellanpm.example:443 -servername "
            "remote.castellanpm.example: notAfter was this morning, serial 04a1…7c.",
        ),
        check(
            9,
            FAILED,
            "Did the renewal fail?",
            "win-acme log: renewal succeeded 30 days ago. Cert:\\LocalMachine\\WebHosting holds "
            "the new certificate with private key, valid 60 more days.",
            hypothesis="win-acme could not renew",
        ),
        check(
            13,
            WORKED,
            "Who still uses the old thumbprint?",
            "netsh http show sslcert: 0.0.0.0:443 new hash for IIS; Get-RDCertificate: RDGateway "
            "and RDWebAccess old thumbprint. The renewal's installation step is 'IIS bindings' "
            "only; the RDS import script was dropped when the server was rebuilt in spring.",
            hypothesis="The renewed certificate was never given to the RDS roles",
        ),
        action(
            19,
            WORKED,
            "Give it to the roles",
            "ImportRDGateway.ps1 and ImportRDSFull.ps1 of win-acme with the new thumbprint, "
            "Restart-Service TSGateway. s_client shows the new serial, mstsc connects from "
            "outside.",
            hypothesis="The renewed certificate was never given to the RDS roles",
        ),
        action(
            31,
            WORKED,
            "Make the next renewal do it",
            "Renewal edited: installation 'Script', ImportRDSFull.ps1 {CertThumbprint}. "
            "wacs.exe --renew --force once: roles switched by themselves.",
        ),
        finding(
            36,
            "Why nobody was warned",
            "The monitor checked the certificate store, not the wire. Replaced by a TLS probe "
            "against port 443 from outside, alarm at 21 days.",
        ),
    ),
    resolution=Resolution(
        40,
        "Renewal had worked, but only IIS got the new certificate; RD Gateway kept the old one "
        "until it expired. Certificate assigned to all RDS roles, the renewal now runs the RDS "
        "import script itself, and monitoring looks at what is presented on the wire.",
    ),
)

CASES = (PRINTERS_GONE_FOR_NEW_PCS, GATEWAY_CERTIFICATE_RENEWED_BUT_OLD)
