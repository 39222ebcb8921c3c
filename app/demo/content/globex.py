"""Globex: a smaller provider with work of its own, none of which Acme can see."""

from datetime import timedelta

from app.demo.shapes import Case, Claim, Customer, Escalation, Resolution, Ticket
from app.demo.steps import (
    FAILED,
    INCONCLUSIVE,
    PENDING,
    WORKED,
    action,
    check,
    finding,
    note,
    question,
)
from db.models.vocabulary import Confidence, Priority

SCAN_TO_MAIL_STOPPED = Case(
    owner="tier1",
    summary="Scan to e-mail stopped on all copiers: 535 5.7.139 SmtpClientAuthentication disabled",
    domain="Mail flow",
    environment=(
        "Four Ricoh IM C3000, smtp.office365.com:587 as scanner@millbrook.example, tenant "
        "millbrook.example, 31 mailboxes, Exchange Online Plan 1. Fixed public address "
        "192.0.2.66."
    ),
    customer=Customer("Millbrook Surveyors", "Tessa Boyle, office manager, +1 202 555 0134"),
    ticket=Ticket("Autotask", "T{started:%Y%m%d}.0044"),
    confidence=Confidence.HIGH,
    age=timedelta(days=2, hours=7),
    steps=(
        question(
            2,
            "All copiers at once?",
            "All four since yesterday noon. The panel says 'Authentication with the destination "
            "has failed'. Scan to folder works.",
        ),
        check(
            8,
            WORKED,
            "Job log of one copier",
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
            "Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.",
        ),
        check(
            12,
            FAILED,
            "Has the scanner's password expired?",
            "Sign-in on the web with scanner@ works, password never expires, no risk event.",
            hypothesis="The scanner account's password expired or is locked",
        ),
        check(
            16,
            WORKED,
            "Who changed the tenant?",
            "Audit log: Set-TransportConfig -SmtpClientAuthenticationDisabled $true yesterday "
            "11:48 by our own secure-score project. As planned, but the copiers weren't on its "
            "list.",
            hypothesis="SMTP AUTH was switched off for the tenant",
        ),
        action(
            29,
            WORKED,
            "Move the copiers to a connector instead of switching SMTP AUTH on again",
            "Inbound connector 'Copiers' bound to 192.0.2.66, TLS required; copiers now use "
            "millbrook-example.mail.protection.outlook.com:25 without a login; address added to "
            "SPF. First scan arrived after 9 s, internal and external.",
        ),
        action(
            44,
            WORKED,
            "Remove what is no longer needed",
            "scanner@ converted to a shared mailbox, licence returned, sign-in blocked.",
        ),
    ),
    resolution=Resolution(
        50,
        "SMTP AUTH had been disabled for the whole tenant. Copiers moved to an IP-bound inbound "
        "connector with TLS, no password is stored on them any more. Secure-score checklist now "
        "asks for scanners and line-of-business mailers before SMTP AUTH is switched off.",
    ),
)

AZURE_TUNNEL_DROPS_AT_REKEY = Case(
    owner="tier2",
    summary="Tunnel to Azure drops every seven and a half hours and stays down for minutes",
    domain="Site-to-site VPN",
    environment=(
        "Sophos XGS 2100, SFOS 20.0 MR2, route-based IPsec (IKEv2) to Azure VPN gateway VpnGw1, "
        "connection with default policy. Application servers for the branch run in Azure "
        "(10.80.0.0/16), 70 users behind the tunnel."
    ),
    customer=Customer(
        "Hartwell Building Supplies",
        "Noor Jansen, IT manager, +31 20 555 0148, on Teams until the evening",
        timedelta(hours=6),
    ),
    ticket=Ticket("Autotask", "T{started:%Y%m%d}.0019"),
    confidence=Confidence.MEDIUM,
    age=timedelta(hours=4, minutes=15),
    steps=(
        question(
            3,
            "Is there a pattern?",
            "Noor kept a list: 23:14, 06:44, 14:14, 21:44. Always 7 h 30 min apart, down for two "
            "to four minutes, comes back alone.",
        ),
        check(
            11,
            FAILED,
            "Internet line",
            "Ping to the Azure gateway's public address and to 1.1.1.1 through the last drop: no "
            "loss, 18 ms. Carrier's error counters at zero.",
            hypothesis="The line flaps",
        ),
        check(
            24,
            FAILED,
            "Dead peer detection too eager?",
            "DPD 30 s / 120 s, log shows no DPD timeout before the drop. Set to 'disable' over one "
            "drop: it came all the same.",
            hypothesis="Dead peer detection tears the tunnel down",
        ),
        check(
            41,
            WORKED,
            "What is 27,000 seconds?",
            "7 h 30 min is Azure's default lifetime of the phase 2 security association. Sophos is "
            "set to 28,800 s, so Azure is always the one that rekeys.",
            hypothesis="The drop is a failed phase 2 rekey started by Azure",
        ),
        check(
            58,
            WORKED,
            "strongSwan log at the minute of the drop",
            "/log/strongswan.log with service strongswan:debug -ds nosync:\n"
            "received CREATE_CHILD_SA request for rekeying\n"
            "no acceptable proposal found\n"
            "sending NO_PROPOSAL_CHOSEN notify\n"
            "Then Azure deletes the old SA at its hard lifetime and starts from IKE_SA_INIT.",
            hypothesis="The drop is a failed phase 2 rekey started by Azure",
        ),
        finding(
            66,
            "Perfect forward secrecy would explain it",
            "The first child SA is made inside IKE_AUTH, without a Diffie-Hellman exchange of its "
            "own, so a PFS mismatch can't show there. It shows at the first CREATE_CHILD_SA. "
            "Sophos demands PFS group 14; what Azure offers with the default policy I can't see.",
            hypothesis="PFS group differs between Sophos and Azure's default policy",
            outcome=INCONCLUSIVE,
        ),
    ),
    escalation=Escalation(
        at=72,
        reason=(
            "I have no rights in the customer's Azure subscription: somebody with access must set "
            "an explicit IPsec policy on the connection."
        ),
        notes=(
            "Suggest custom policy IKE AES256/SHA256/DHGroup14, IPsec GCMAES256, PFS2048, 27,000 s "
            "on both ends. Changing it drops the tunnel for about a minute; Noor wants a call "
            "first. If GCMAES256 is set for encryption it must be set for integrity as well."
        ),
        priority=Priority.HIGH,
        target="tier3",
    ),
)

NO_LICENCE_SERVERS = Case(
    owner="tier1",
    summary="Nobody can log on to the terminal server: no Remote Desktop licence servers",
    domain="Remote Desktop Services",
    environment=(
        "RDS host TS01, Windows Server 2022, 25 user CALs. Old licence server DC-OLD was "
        "demoted and switched off two weeks ago; new domain controller is DC-NEW (Windows Server "
        "2022)."
    ),
    customer=Customer("Pinehurst Insurance Brokers", "Gwen Abara, owner, +1 202 555 0190"),
    ticket=Ticket("Autotask", "T{started:%Y%m%d}.0008"),
    confidence=Confidence.HIGH,
    age=timedelta(days=5, hours=3),
    steps=(
        question(
            1,
            "What is the message?",
            "'The remote session was disconnected because there are no Remote Desktop License "
            "Servers available to provide a license.' All 19 users, since this morning.",
        ),
        action(
            4,
            WORKED,
            "Get in",
            "mstsc /admin still works, two people at a time. Gwen and one broker use it for the "
            "urgent quotes.",
        ),
        check(
            9,
            WORKED,
            "System log of TS01",
            "TerminalServices-RemoteConnectionManager, event 1128: The RD Licensing grace period "
            "has expired and the service has not registered with a license server with installed "
            "licenses.",
            hypothesis="TS01 can't find a licence server",
        ),
        action(
            17,
            FAILED,
            "Start the old server again",
            "DC-OLD was deleted from the hypervisor last Friday. Backup exists, but bringing a "
            "demoted controller's disk back is not something I'll try alone.",
            hypothesis="The old licence server can be brought back quickly",
        ),
        action(
            49,
            WORKED,
            "New licence server",
            "RD Licensing role on DC-NEW, activated through the web clearing house; the 25 user "
            "CALs moved with the licence agreement number from the customer's volume portal. "
            "DC-NEW added to 'Terminal Server License Servers' in AD.",
        ),
        action(
            63,
            WORKED,
            "Point TS01 at it",
            "GPO: 'Use the specified Remote Desktop license servers' = DC-NEW, licensing mode Per "
            "User. The old local policy still named DC-OLD, removed. RD Licensing Diagnoser: no "
            "problems, 25 licences available.",
            hypothesis="TS01 can't find a licence server",
        ),
        check(70, WORKED, "Users", "All 19 on again by themselves, no restart was needed."),
    ),
    escalation=Escalation(
        at=22,
        reason="Whole company can't work and I don't know the licensing side.",
        notes="CAL paperwork: customer's portal, login is with Gwen.",
        priority=Priority.URGENT,
    ),
    claim=Claim(at=31, by="tier2"),
    resolution=Resolution(
        75,
        "Licence server was lost with the old domain controller. RD Licensing installed on DC-NEW, "
        "CALs moved, policy points to it. Decommissioning checklist for domain controllers now "
        "asks for RD Licensing, DHCP and certificate roles.",
    ),
)

REPOSITORY_TRIPLED = Case(
    owner="tier2",
    summary="Backup repository full days after it was moved to a bigger volume",
    domain="Backup",
    environment=(
        "Veeam Backup & Replication 12.1, repository server BKP01 (Windows Server 2022). Old "
        "volume E: ReFS 64 KB, 24 TB; new volume R: ReFS 64 KB, 48 TB. Forever forward incremental "
        "with weekly synthetic full, GFS 4 weekly and 12 monthly."
    ),
    customer=Customer(
        "Hartwell Building Supplies",
        "Noor Jansen, IT manager, +31 20 555 0148",
        timedelta(hours=28),
    ),
    ticket=Ticket("Autotask", "T{started:%Y%m%d}.0027"),
    confidence=Confidence.HIGH,
    age=timedelta(hours=19),
    steps=(
        check(
            4,
            WORKED,
            "Sizes before and after",
            "E: had 19.6 TB used. R: is at 47.1 TB of 48 with the same files in the same folders. "
            "Sum of file sizes is 58 TB on both sides.",
        ),
        check(
            15,
            FAILED,
            "More backups than before?",
            "Same restore points, job settings unchanged, daily change rate 210 GB as ever.",
            hypothesis="Retention or change rate grew",
        ),
        check(
            26,
            WORKED,
            "Was block cloning alive on the old volume?",
            "Job report before the move: synthetic full '[fast clone]', 4 minutes. After: same tag "
            "for new fulls. So the file system supports it on both.",
        ),
        finding(
            33,
            "The copy undid the block clones",
            "The chain was moved with robocopy. A copied file is a new file: shared blocks became "
            "separate ones. Only Veeam's own 'Move backup' keeps fast clone on the way.",
            hypothesis="robocopy hydrated the shared blocks of the synthetic fulls",
        ),
        note(
            47,
            "What we agreed",
            "E: is untouched for two more weeks (lease of the old array). Nothing is deleted on R: "
            "until a copy exists elsewhere: R: holds the only restore points since Saturday.",
        ),
        action(
            75,
            PENDING,
            "Move back and over with Veeam",
            "Detached the copied chain, rescanned E: as repository, started 'Move backup' of the "
            "largest job to an empty extent on R:. 31 % after the night, fast clone ratio in the "
            "statistics looks right.",
            hypothesis="robocopy hydrated the shared blocks of the synthetic fulls",
        ),
    ),
)

ACCOUNT_LOCKS_HOURLY = Case(
    owner="tier1",
    summary="Sales director's account locks out every hour, also at night",
    domain="Active Directory",
    environment=(
        "Domain pinehurst.example, DCs DC-NEW and DC2 (Windows Server 2022), lockout after 5 bad "
        "passwords in 15 minutes. User r.castellano, password changed four days ago. Laptop "
        "LT-114, iPhone, iPad."
    ),
    customer=Customer(
        "Pinehurst Insurance Brokers",
        "Rosa Castellano, sales director, +1 202 555 0191 (text first)",
        timedelta(hours=9),
    ),
    ticket=Ticket("Autotask", "T{started:%Y%m%d}.0033"),
    confidence=Confidence.LOW,
    age=timedelta(hours=5, minutes=30),
    steps=(
        question(
            3,
            "When and where?",
            "Since the day after the password change. Locked each morning too, when the laptop is "
            "shut and at home. Phone and tablet were updated by her, she says.",
        ),
        check(
            12,
            WORKED,
            "Lockout event on the PDC emulator",
            "DC-NEW, Security, event 4740: Account Name r.castellano, Caller Computer Name: NPS01. "
            "So the bad passwords come through the RADIUS server.",
            hypothesis="A device still has the old password for Wi-Fi or VPN",
        ),
        check(
            20,
            WORKED,
            "NPS01's log",
            "Event 6273, reason code 16, Calling Station Identifier 3A-5F-…-C2, NAS port type "
            "Wireless, SSID Pinehurst-Staff, every 12 minutes. The MAC address is a private one "
            "(locally administered), so inventory doesn't know it.",
            hypothesis="A device still has the old password for Wi-Fi or VPN",
        ),
        action(
            34,
            FAILED,
            "Forget the Wi-Fi on iPhone and iPad",
            "Done with her on the phone. Both joined again with the new password, event 6272 "
            "(access granted) for both. The failing station goes on.",
            hypothesis="It is her iPhone or iPad",
        ),
        check(
            51,
            FAILED,
            "Stored credentials on LT-114",
            "cmdkey /list and rundll32 keymgr.dll,KRShowKeyMgr: nothing old. netsh wlan: profile "
            "uses the machine certificate.",
            hypothesis="Stored credentials on her laptop",
        ),
        check(
            68,
            INCONCLUSIVE,
            "Which access point hears it?",
            "Always AP-2F-East, by night too. Her office is on the ground floor. A device of hers "
            "that somebody else uses, or somebody who tries her name?",
            hypothesis="A handed-on phone or an outsider uses her name on the staff Wi-Fi",
        ),
    ),
    escalation=Escalation(
        at=75,
        reason=(
            "If it is not an old phone of hers it is somebody guessing: needs a decision whether "
            "this is a security incident."
        ),
        notes=(
            "I have not blocked the station yet, so that it can be found: block 3A-5F-…-C2 in the "
            "controller if it becomes urgent. Rosa remembers giving an old iPhone 11 to reception "
            "last year; reception is closed until tomorrow."
        ),
    ),
)

BITLOCKER_ASKS_AFTER_FIRMWARE = Case(
    owner="tier1",
    summary="Eighteen laptops ask for the BitLocker recovery key after each firmware update",
    domain="Endpoint security",
    environment=(
        "Dell Latitude 7440, BIOS 1.18 to 1.21 by Dell Command | Update, Windows 11 23H2, Intune "
        "with silent BitLocker encryption, keys escrowed to Entra ID, docks WD22TB4."
    ),
    customer=Customer(
        "Corvane Architects",
        "Mikkel Strand, studio lead, +45 70 55 01 48",
        timedelta(hours=12),
    ),
    ticket=Ticket("Autotask", "T{started:%Y%m%d}.0051"),
    confidence=Confidence.MEDIUM,
    age=timedelta(days=1, hours=3),
    steps=(
        action(
            5,
            WORKED,
            "Get the people working",
            "Recovery keys read out for all 18 after a call-back; rotation of the used keys "
            "started in Intune.",
        ),
        check(
            16,
            FAILED,
            "Does the updater suspend BitLocker?",
            "Dell Command | Update policy: 'Automatically suspend BitLocker' is on, its log shows "
            "the suspension before flashing on all machines looked at.",
            hypothesis="BIOS was flashed without suspending BitLocker",
        ),
        check(
            31,
            WORKED,
            "Compare a good and a bad machine",
            "manage-bde -protectors -get C:\n"
            "good: PCR Validation Profile: 7, 11 (Uses Secure Boot for integrity validation)\n"
            "bad:  PCR Validation Profile: 0, 2, 4, 11\n"
            "msinfo32 on the bad ones: PCR7 Configuration, Binding Not Possible. Secure Boot is on "
            "for both.",
            hypothesis="Affected machines are bound to PCR 0, 2 and 4 instead of PCR 7",
        ),
        check(
            95,
            WORKED,
            "What the 18 have in common",
            "All were enrolled at a desk with a WD22TB4, and have 'Thunderbolt boot support' and "
            "pre-boot modules enabled in BIOS. An option ROM loaded at boot makes Windows fall "
            "back from PCR 7. The good ones were enrolled undocked.",
            hypothesis="Dock's option ROM at enrolment prevented binding to PCR 7",
        ),
        action(
            150,
            WORKED,
            "One machine",
            "Thunderbolt boot support off (Dell Command | Configure), restarted undocked, msinfo32 "
            "says 'Bound' possible; manage-bde -protectors -delete C: -type tpm, then -add C: "
            "-tpm: profile 7, 11. BIOS 1.21 flashed and docked again: no prompt.",
            hypothesis="Dock's option ROM at enrolment prevented binding to PCR 7",
        ),
        action(
            210,
            PENDING,
            "The other 17",
            "Proactive remediation in Intune: detection reads the profile, remediation suspends, "
            "recreates the TPM protector, resumes. 9 of 17 done, waiting for the others to come "
            "online.",
            hypothesis="Dock's option ROM at enrolment prevented binding to PCR 7",
        ),
    ),
    escalation=Escalation(
        at=40,
        reason="Found the difference but not why it is so; next firmware is due next week.",
        notes="Mikkel can lend us LT-AR07 for a day.",
        priority=Priority.NORMAL,
        target="tier3",
    ),
    claim=Claim(at=80, by="tier3"),
)

CALLERS_CANT_HEAR_US = Case(
    owner="tier1",
    summary="Outside callers can't hear the front desk, internal calls are fine",
    domain="VoIP",
    environment=(
        "Yealink T54W, 3CX v20 hosted, SIP over UDP, site router DrayTek Vigor 2865 installed "
        "yesterday, phones in 192.168.10.0/24, public address 192.0.2.131."
    ),
    customer=Customer(
        "Millbrook Surveyors",
        "Tessa Boyle, office manager, mobile +1 202 555 0135 (desk phone is the problem)",
        timedelta(hours=2, minutes=45),
    ),
    confidence=Confidence.MEDIUM,
    age=timedelta(minutes=40),
    steps=(
        question(
            2,
            "Which direction, which calls?",
            "Front desk hears the caller, the caller hears nothing. All outside calls, in and out, "
            "since the router was changed. Phone to phone is fine.",
        ),
        action(
            8,
            FAILED,
            "Restart phone and registration",
            "Re-registered, same.",
            hypothesis="A stale registration after the router change",
        ),
        check(
            17,
            WORKED,
            "Capture on the router's WAN side",
            "INVITE leaves with o= and c=IN IP4 192.0.2.131 but m=audio 11802, while the RTP of "
            "the phone leaves from port 50844. Something rewrote the body and got the port wrong.",
            hypothesis="The router's SIP ALG rewrites the media port",
        ),
        action(
            29,
            PENDING,
            "Switch the ALG off",
            "sys sip_alg 0 on the Vigor, phones restarted with DHCP option 66 unchanged. Tessa "
            "calls her mobile from the front desk as soon as the meeting in the room is over.",
            hypothesis="The router's SIP ALG rewrites the media port",
        ),
        note(
            31,
            "If that isn't it",
            "3CX's firewall checker from the site, then SIP over TLS with SRTP, which no ALG can "
            "touch.",
        ),
    ),
)

CASES = (
    SCAN_TO_MAIL_STOPPED,
    AZURE_TUNNEL_DROPS_AT_REKEY,
    NO_LICENCE_SERVERS,
    REPOSITORY_TRIPLED,
    ACCOUNT_LOCKS_HOURLY,
    BITLOCKER_ASKS_AFTER_FIRMWARE,
    CALLERS_CANT_HEAR_US,
)
