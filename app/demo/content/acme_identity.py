"""Acme: mail flow, sign-in and Microsoft 365."""

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

GMAIL_REJECTS_INVOICES = Case(
    owner="tier1",
    summary="Invoices to Gmail recipients bounce with 550-5.7.26, mail from Outlook arrives",
    domain="Mail flow",
    environment=(
        "Exchange Online, tenant castellanpm.onmicrosoft.com, Business Premium, 64 mailboxes. "
        "Custom domain castellanpm.example, DNS at Cloudflare (customer holds the login). "
        "Invoices are sent by Qube Property Management on SRV-APP02 (Windows Server 2019) through "
        "SMTP relay to castellanpm-example.mail.protection.outlook.com:25, inbound connector "
        "'Qube relay' bound to the office's public address 203.0.113.40."
    ),
    customer=Customer(
        "Castellan Property Management",
        "Dana Whitfield, finance lead, +44 20 7946 0142, dana.whitfield@castellanpm.example",
        timedelta(hours=3, minutes=30),
    ),
    ticket=Ticket("ConnectWise", "482913"),
    confidence=Confidence.MEDIUM,
    age=timedelta(hours=2, minutes=20),
    steps=(
        question(
            3,
            "When did it start, and is it every external recipient?",
            "Since Monday's invoice run: 118 of 402 invoices bounced. All bounces are gmail.com or "
            "Google Workspace domains; Outlook.com, BT and Yahoo recipients got theirs. Mail that "
            "Dana writes by hand to a Gmail address from the same domain arrives.",
        ),
        check(
            9,
            WORKED,
            "Read the NDR",
            "gmail-smtp-in.l.google.com gave this error:\n"
            "550-5.7.26 Your email has been blocked because the sender is unauthenticated. Gmail "
            "requires all senders to authenticate with either SPF or DKIM.\n"
            "550-5.7.26  Authentication results:\n"
            "550-5.7.26  DKIM = did not pass\n"
            "550-5.7.26  SPF [castellanpm.example] with ip: [203.0.113.40] = did not pass",
        ),
        check(
            15,
            FAILED,
            "Is the office address on a block list?",
            "203.0.113.40 checked against Spamhaus ZEN, Barracuda and SpamCop: clean. Nothing in "
            "Defender > Restricted entities either.",
            hypothesis="The office's public address is block-listed",
        ),
        check(
            24,
            WORKED,
            "Message trace of a bounced and a delivered invoice",
            "The delivered one came in through connector 'Qube relay' and left from a Microsoft "
            "address. The bounced one isn't in the trace at all: Qube handed it to Google's MX "
            "itself, from 203.0.113.40. In Qube's own log 284 invoices say 'smart host', 118 say "
            "'direct delivery', the same 118 that bounced.",
            hypothesis="Qube bypasses the smart host for part of the invoices",
        ),
        check(
            37,
            WORKED,
            "Evaluate SPF",
            "nslookup -type=txt castellanpm.example:\n"
            "v=spf1 include:spf.protection.outlook.com include:_spf.qubecloud.example "
            "include:servers.mcsv.net include:sendgrid.net include:spf.mailjet.com a mx ~all\n"
            "MXToolbox counts 12 DNS lookups: PermError, 'too many DNS lookups'. 203.0.113.40 is "
            "in none of the includes.",
            hypothesis="SPF fails because it needs more than 10 DNS lookups",
        ),
        check(
            44,
            WORKED,
            "Is DKIM signing on for the custom domain?",
            "Get-DkimSigningConfig -Identity castellanpm.example | fl Enabled,Status\n"
            "Enabled : False\nStatus  : CnameMissing\n"
            "So mail from Outlook passes Gmail on SPF alone, and only as long as Gmail gets to the "
            "Microsoft include before it stops counting.",
        ),
        action(
            58,
            FAILED,
            "Set Qube to use the smart host only",
            "Qube > System > E-mail: delivery 'Smart host only', service QubeMailer restarted. "
            "Test invoice to our Gmail seed account still shows Received: from 203.0.113.40 in the "
            "headers; the option is back on 'Automatic' after the restart. Vendor's note: a policy "
            "file on the server overrides the screen.",
            hypothesis="Qube's delivery option is only set wrongly in the user interface",
        ),
        finding(
            66,
            "Two faults stacked on each other",
            "Qube falls back to direct delivery when the relay answers slowly (tarpit 421 during "
            "the run), and direct delivery can't authenticate: SPF is in PermError and doesn't "
            "list the office, DKIM is off. Either fix alone would unblock most of it; DKIM plus a "
            "flat SPF record is the lasting one.",
            hypothesis="Relay throttling (421) during the run makes Qube fall back to direct",
            outcome=INCONCLUSIVE,
        ),
        note(
            70,
            "What the customer agreed to",
            "Finance holds the reminder run until tomorrow morning. They won't resend by hand "
            "before that. Cloudflare login is with Dana; she'll make changes on the phone, not "
            "share it.",
        ),
    ),
    escalation=Escalation(
        at=74,
        reason=(
            "DNS and relay design are beyond tier 1: needs DKIM CNAMEs, an SPF record under ten "
            "lookups, and a decision on how Qube relays."
        ),
        notes=(
            "Don't just add ip4:203.0.113.40 to SPF: the record is already in PermError, it would "
            "change nothing. selector1/selector2 CNAME targets are in the portal under Email "
            "authentication settings. Qube's policy file: C:\\ProgramData\\Qube\\mail.policy.xml."
        ),
        priority=Priority.HIGH,
    ),
)

BLOCKED_BY_CONDITIONAL_ACCESS = Case(
    owner="tier1",
    summary="All staff at the Leith office blocked from Microsoft 365 with AADSTS53003",
    domain="Microsoft 365 sign-in",
    environment=(
        "Entra ID P1, tenant harbourfinch.example, 41 users, all Windows 11 23H2, Entra joined and "
        "compliant in Intune. Two offices: Edinburgh (static 198.51.100.16/29) and Leith (moved to "
        "a new fibre circuit last night). Conditional Access: CA001 MFA for all, CA004 block "
        "outside trusted locations for group 'Fee earners'."
    ),
    customer=Customer(
        "Harbour & Finch Solicitors",
        "Callum Reid, practice manager, +44 131 496 0177",
        timedelta(hours=5),
    ),
    ticket=Ticket("ConnectWise", "483027"),
    confidence=Confidence.HIGH,
    age=timedelta(hours=1, minutes=35),
    steps=(
        question(
            2,
            "Who is affected, and what changed?",
            "14 people in Leith, nobody in Edinburgh or at home. Outlook asks for the password, "
            "Teams says 'You cannot access this right now'. The carrier swapped their circuit "
            "last night. A court bundle must be filed today.",
        ),
        check(
            7,
            WORKED,
            "Sign-in log of one affected user",
            "Entra > Sign-in logs, user f.macrae@harbourfinch.example:\n"
            "Error 53003, Access has been blocked by Conditional Access policies. The access "
            "policy does not allow token issuance.\n"
            "Conditional Access tab: CA004 Failure, grant control Block. IP 198.51.100.202, "
            "location Leith, GB.",
        ),
        check(
            12,
            FAILED,
            "Device compliance",
            "All 14 devices 'Compliant' in Intune, last check-in this morning. dsregcmd /status on "
            "one: AzureAdJoined YES, AzureAdPrt YES.",
            hypothesis="Devices fell out of compliance overnight",
        ),
        check(
            16,
            WORKED,
            "Compare the public address with the named location",
            "curl -4 ifconfig.me from the Leith reception PC: 198.51.100.202. Named location "
            "'Leith office' holds 198.51.100.88/29 only, the old carrier's range.",
            hypothesis="The office's new public address isn't in the trusted named location",
        ),
        check(
            22,
            FAILED,
            "Can tier 1 change the named location?",
            "My role is Helpdesk Administrator; named locations need Conditional Access "
            "Administrator. PIM shows no eligible assignment for the service desk.",
        ),
        finding(
            25,
            "Clear cause, no rights to fix",
            "Every block since this morning comes from 198.51.100.200/29, which the carrier's "
            "handover letter lists as the new range. Callum mailed the letter; it is attached to "
            "the ticket.",
            hypothesis="The office's new public address isn't in the trusted named location",
        ),
        check(
            48,
            WORKED,
            "Confirm the range with the carrier before trusting it",
            "Carrier's NOC confirmed 198.51.100.200/29 as routed to this customer alone, not a "
            "shared CGNAT range. Whois agrees.",
        ),
        action(
            55,
            PENDING,
            "Update 'Leith office' and watch the sign-ins",
            "Added 198.51.100.200/29, keep the old /29 until the circuit is ceased on Friday. "
            "CA changes can take some minutes; users need a fresh token, so sign out of Office or "
            "wait for the next refresh.",
            hypothesis="The office's new public address isn't in the trusted named location",
        ),
    ),
    escalation=Escalation(
        at=28,
        reason="Named location must be changed by somebody with Conditional Access Administrator.",
        notes=(
            "Cause is proven, see the carrier's letter on the ticket. Please don't disable CA004 "
            "as a shortcut: it is in their cyber insurance terms."
        ),
        priority=Priority.URGENT,
        target="tier2",
    ),
    claim=Claim(at=41, by="tier2"),
)

NEW_PHONE_NO_MFA = Case(
    owner="tier1",
    summary="Executive head has a new phone and can't approve MFA prompts any more",
    domain="MFA",
    environment=(
        "Entra ID P1, tenant aldergrove.example, authentication methods policy: Microsoft "
        "Authenticator with number matching, Temporary Access Pass on for group 'All staff' (60 "
        "minutes, one-time use). iPhone 15, iOS 18.3; old phone traded in at the shop."
    ),
    customer=Customer(
        "Alder Grove Primary Trust", "Mrs Adaeze Nwosu, executive head, +44 1632 960118"
    ),
    ticket=Ticket("ConnectWise", "481760"),
    confidence=Confidence.HIGH,
    age=timedelta(days=4, hours=6),
    steps=(
        question(
            2,
            "What happens at sign-in?",
            "Password is accepted, then 'Approve sign-in request' with a number that never reaches "
            "the new phone. 'I can't use my app right now' offers only the authenticator.",
        ),
        action(
            6,
            WORKED,
            "Verify that the caller is who she says",
            "Called back on the number in the HR export, not the one she rang from; the business "
            "manager confirmed by Teams. Recorded as the runbook 'MFA reset' demands.",
        ),
        check(
            11,
            FAILED,
            "Does she have a second method?",
            "Authentication methods blade: Authenticator on 'Adaeze's iPhone 12' and nothing "
            "else. The SMS number was removed in the trust's phishing-resistance project.",
            hypothesis="A second registered method gets her in",
        ),
        check(
            13,
            WORKED,
            "Sign-in log and risk before a reset",
            "Risky users: none. Failed prompts all from the school's address. No sign of "
            "MFA fatigue attempts.",
        ),
        action(
            17,
            WORKED,
            "Remove the old device, issue a Temporary Access Pass",
            "Deleted Authenticator 'Adaeze's iPhone 12', revoked sessions, created a pass valid 60 "
            "minutes, one-time. Read to her on the call-back line, not mailed.",
        ),
        action(
            26,
            WORKED,
            "Register the new phone together",
            "aka.ms/mysecurityinfo with the pass, Authenticator added as 'Adaeze's iPhone 15', "
            "number matching tested against Outlook on the web and Arbor.",
        ),
    ),
    resolution=Resolution(
        31,
        "Old authenticator registration removed after call-back verification, new phone "
        "registered with a one-time Temporary Access Pass. Second method (FIDO2 key from the "
        "office safe) registered as well, so that the next phone change needs no call.",
    ),
)

ONEDRIVE_NEVER_FINISHES = Case(
    owner="tier1",
    summary="OneDrive stays on 'Processing changes' for days on two design workstations",
    domain="OneDrive sync",
    environment=(
        "WS-CAD03 and WS-CAD07, Windows 11 23H2, OneDrive 24.201 (Production ring), Known Folder "
        "Move on. SharePoint site 'Projects' with one library of 412,000 items; users added 'Add "
        "shortcut to My files' at library root. 16 GB RAM, NVMe, 1 Gbit/s fibre."
    ),
    customer=Customer(
        "Kessler Precision Tooling",
        "Jurgen Ahlers, design office, +1 202 555 0163, prefers Teams",
        timedelta(hours=26),
    ),
    ticket=Ticket("ConnectWise", "482655"),
    confidence=Confidence.MEDIUM,
    age=timedelta(hours=22),
    steps=(
        question(
            4,
            "What exactly is not syncing?",
            "A drawing saved on CAD03 at 08:10 was not on CAD07 at 15:00. The cloud icon says "
            "'Processing changes', never an error. Web upload of the same file works at once.",
        ),
        check(
            10,
            FAILED,
            "Disk and quota",
            "C: 210 GB free on both, OneDrive quota 5 TB with 61 GB used, site storage at 38 %.",
            hypothesis="Local disk or quota is full",
        ),
        action(
            18,
            FAILED,
            "Reset the client on CAD03",
            "%localappdata%\\Microsoft\\OneDrive\\onedrive.exe /reset. The client re-enumerated "
            "for three hours and is back on 'Processing changes'. Nothing was lost.",
            hypothesis="The local sync database is damaged",
        ),
        check(
            215,
            WORKED,
            "Read SyncDiagnostics.log",
            "%localappdata%\\Microsoft\\OneDrive\\logs\\Business1\\SyncDiagnostics.log:\n"
            "SyncProgressState = 16777216\nfiles = 398214, folders = 31077\n"
            "changesToProcess = 287460, scanState = 0x4\n"
            "429,000 items in one client; Microsoft's guidance is to stay below 300,000 across all "
            "synced libraries.",
            hypothesis="Too many items are synced: library root added as shortcut",
        ),
        check(
            230,
            FAILED,
            "Names and path lengths",
            "PowerShell over the library's export: longest path 236 characters, no reserved names, "
            "no *.lock files from SolidWorks older than a day.",
            hypothesis="Illegal names or too long paths block the queue",
        ),
        action(
            1240,
            PENDING,
            "Replace the root shortcut by the three current projects",
            "On CAD07 first: removed the shortcut in OneDrive on the web, added shortcuts for "
            "folders P-2231, P-2240 and P-2244 (21,800 items together). Client is enumerating; "
            "Jurgen tells us after lunch whether saves arrive within a minute.",
            hypothesis="Too many items are synced: library root added as shortcut",
        ),
    ),
)

ENTRA_CONNECT_SOFT_MATCH = Case(
    owner="tier3",
    summary="Entra Connect exports fail with InvalidSoftMatch after two companies were merged",
    domain="Directory synchronisation",
    environment=(
        "Entra Connect Sync 2.4.27 on SRV-AADC01 (Windows Server 2022), source anchor "
        "ms-DS-ConsistencyGuid, password hash sync. Forest brightlane.example; 37 cloud-only users "
        "came from the acquired Ferris Haulage tenant by migration last weekend."
    ),
    customer=Customer(
        "Bright Lane Logistics",
        "Owen Tran, IT coordinator, +1 202 555 0121",
        timedelta(hours=8),
    ),
    ticket=Ticket("HaloPSA", "0039114"),
    confidence=Confidence.MEDIUM,
    age=timedelta(hours=6, minutes=10),
    steps=(
        check(
            5,
            WORKED,
            "Synchronization Service Manager, last export",
            "Connector brightlane.onmicrosoft.com - AAD, run 'Export': completed-export-errors, "
            "11 × InvalidSoftMatch, 2 × AttributeValueMustBeUnique (ProxyAddresses).",
        ),
        check(
            19,
            FAILED,
            "Duplicate proxy addresses in the forest",
            "Get-ADObject -LDAPFilter '(proxyAddresses=smtp:*@ferrishaulage.example)' grouped by "
            "value: two real duplicates, both shared mailboxes. They explain the two "
            "AttributeValueMustBeUnique errors, not the eleven others.",
            hypothesis="Duplicate proxy addresses on premises",
        ),
        action(
            34,
            WORKED,
            "Clean the two shared mailboxes",
            "Removed the secondary smtp: address from dispatch@ and yard@, delta sync: both export "
            "cleanly, 11 errors remain.",
        ),
        finding(
            52,
            "The eleven already carry an immutable id",
            "Get-MgUser -UserId … -Property onPremisesImmutableId: the eleven cloud users have "
            "one, the 26 that matched have none. The migration tool copied it from Ferris "
            "Haulage's retired Entra Connect. Soft match finds the user by its address, sees "
            "another immutable id and refuses.",
            hypothesis="A stale immutable id from the old tenant's sync blocks the match",
        ),
        check(
            70,
            WORKED,
            "Prove it with one user",
            "Set onPremisesImmutableId of r.delgado to the Base64 of the AD object's "
            "ms-DS-ConsistencyGuid, with BlockCloudObjectTakeoverThroughHardMatch off for the ten "
            "minutes that it took. Delta sync: joined, no error, mailbox and licences untouched, "
            "OneDrive link still good.",
            hypothesis="A stale immutable id from the old tenant's sync blocks the match",
        ),
        note(
            88,
            "Order of work for the other ten",
            "Two of the ten hold admin roles and would end in ExistingAdminRoleConflict: take the "
            "roles off, match, give them back, with Owen on the line. The takeover block is on "
            "again until then. Owen has approved half an hour this evening; the scheduler stands "
            "still (Set-ADSyncScheduler -SyncCycleEnabled $false).",
        ),
        action(
            95,
            PENDING,
            "Hard match the remaining ten this evening",
            "Script and CSV are in the ticket's files. Deletion threshold stays at 50.",
            hypothesis="A stale immutable id from the old tenant's sync blocks the match",
        ),
    ),
)

CASES = (
    GMAIL_REJECTS_INVOICES,
    BLOCKED_BY_CONDITIONAL_ACCESS,
    NEW_PHONE_NO_MFA,
    ONEDRIVE_NEVER_FINISHES,
    ENTRA_CONNECT_SOFT_MATCH,
)
