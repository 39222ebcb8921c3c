"""Acme: VPN, Wi-Fi, DHCP and DNS."""

from datetime import timedelta

from app.demo.shapes import Case, Customer, Escalation, Resolution, Ticket
from app.demo.steps import (
    FAILED,
    INCONCLUSIVE,
    PENDING,
    WORKED,
    action,
    check,
    note,
    question,
)
from db.models.vocabulary import Confidence, HandoffIntent, Priority

VPN_SENDS_EVERYTHING = Case(
    owner="tier1",
    summary="Home workers' Teams calls stutter: VPN sends all traffic through the office",
    domain="VPN",
    environment=(
        "FortiGate 100F, FortiOS 7.2.9 (upgraded from 7.2.7 twelve days ago), SSL VPN tunnel mode, "
        "portal 'staff-split' with split tunnelling 'Enabled Based on Policy Destination'. "
        "FortiClient 7.2.5, Windows 11 23H2, about 55 home workers. Office line 200/200 Mbit/s."
    ),
    customer=Customer(
        "Bright Lane Logistics",
        "Owen Tran, IT coordinator, +1 202 555 0121",
        timedelta(hours=4),
    ),
    ticket=Ticket("HaloPSA", "0039120"),
    confidence=Confidence.HIGH,
    age=timedelta(hours=3, minutes=5),
    steps=(
        question(
            3,
            "Which applications, which people?",
            "Teams calls break up for everybody on the VPN since Monday, worst at 09:00 and 14:00. "
            "Without the VPN the same laptop is fine. File shares over the VPN are fine.",
        ),
        check(
            9,
            WORKED,
            "Routes on an affected laptop",
            "route print -4 while connected:\n"
            "0.0.0.0          0.0.0.0     10.212.134.1   10.212.134.200      1\n"
            "0.0.0.0          0.0.0.0     192.168.1.1    192.168.1.23       50\n"
            "The tunnel owns the default route. With split tunnelling only 10.20.0.0/16 should be "
            "there.",
            hypothesis="Split tunnelling is off for these users",
        ),
        check(
            17,
            FAILED,
            "Do users land in the wrong portal?",
            "diagnose vpn ssl list and VPN > SSL-VPN Settings: group 'VPN-Staff' maps to "
            "'staff-split', and that is what FortiView shows for all 41 sessions.",
            hypothesis="Users fall through to the default portal 'full-access'",
        ),
        check(
            26,
            FAILED,
            "Portal settings changed by the upgrade?",
            "Compared with the configuration backup from before the upgrade: the portal's block is "
            "identical, 'Enabled Based on Policy Destination' then and now.",
            hypothesis="The upgrade reset the portal's split tunnelling",
        ),
        check(
            41,
            WORKED,
            "Firewall policies from ssl.root",
            "Policy 47 'tmp-crm-cutover', created Monday 07:52 by the CRM vendor's login: source "
            "VPN-Staff, destination 'all'. In this mode the policies' destinations become the "
            "client's routes. FortiOS 7.2.7 refused 'all' here with an error; 7.2.8 to 7.2.10 "
            "accept it, and it acts like split tunnelling switched off.",
            hypothesis="A policy with destination 'all' injects a default route",
        ),
        check(
            55,
            WORKED,
            "Prove it without touching policy 47",
            "Put one test user in a group that matches only policy 31 (destination 10.20.0.0/16), "
            "reconnected: no default route, Teams round trip 21 ms instead of 140 ms.",
            hypothesis="A policy with destination 'all' injects a default route",
        ),
        note(
            62,
            "Why it isn't fixed already",
            "The CRM vendor needs policy 47 for the data copy until close of business; Owen "
            "forbids any firewall change before that. He stays an hour longer to test.",
        ),
        action(
            64,
            PENDING,
            "After close of business: narrow or remove policy 47",
            "Either delete it or replace 'all' by the vendor's two hosts (10.20.8.14 and "
            "10.20.8.15). Sessions must reconnect to lose the route.",
            hypothesis="A policy with destination 'all' injects a default route",
        ),
    ),
    escalation=Escalation(
        at=68,
        reason="My shift ends before the change window opens at close of business.",
        notes=(
            "Everything is prepared: configuration backup FGT100F_before_p47.conf is on the "
            "ticket. Check one laptop with 'route print -4' and one Teams call, then tell Owen by "
            "phone. Please also take the firewall login away from the CRM vendor."
        ),
        priority=Priority.NORMAL,
        intent=HandoffIntent.SHIFT_CHANGE,
        target="tier2",
    ),
)

WIFI_REFUSES_INTUNE_LAPTOPS = Case(
    owner="tier1",
    summary="Corporate Wi-Fi refuses every laptop enrolled since the domain controllers' patches",
    domain="Wi-Fi and RADIUS",
    environment=(
        "Meraki MR46, SSID 'AG-Corp', WPA2-Enterprise EAP-TLS. NPS on SRV-NPS01 (Windows Server "
        "2022). Certificates by Intune SCEP over NDES from AG-ISSUING-CA. Domain controllers: "
        "SRV-DC01 Windows Server 2016, SRV-DC02 Windows Server 2022, both patched last night. "
        "230 laptops, Windows 11, Entra joined, users synchronised from AD."
    ),
    customer=Customer(
        "Alder Grove Primary Trust",
        "Femi Adeyemi, site manager, +44 1632 960125",
        timedelta(hours=2),
    ),
    ticket=Ticket("ConnectWise", "483041"),
    confidence=Confidence.MEDIUM,
    age=timedelta(minutes=55),
    steps=(
        question(
            2,
            "How many, where, since when?",
            "All seven schools, since the first bell. Staff are on the guest network as a stopgap, "
            "but registers (Arbor) and printing need AG-Corp. Tablets with a PSK are fine.",
        ),
        check(
            8,
            WORKED,
            "NPS log",
            "SRV-NPS01, Security log, event 6273:\n"
            "Network Policy Server denied access to a user.\n"
            "Authentication Type: EAP, EAP Type: Microsoft: Smart Card or other certificate\n"
            "Reason Code: 16\nReason: Authentication failed due to a user credentials mismatch.",
        ),
        check(
            14,
            FAILED,
            "Has the NPS or the CA certificate expired?",
            "NPS server certificate valid until next May, chain complete, CRL of AG-ISSUING-CA "
            "published this morning and reachable from a client (certutil -url).",
            hypothesis="An expired certificate on the server side",
        ),
        check(
            21,
            FAILED,
            "Did the RADIUS secret or the policy change?",
            "Meraki's RADIUS test with a PEAP account: success from all seven sites. Connection "
            "and network policies unchanged in the NPS configuration export of last week.",
            hypothesis="RADIUS shared secret or network policy changed",
        ),
        check(
            29,
            WORKED,
            "System log on the domain controllers",
            "SRV-DC02, Kerberos-Key-Distribution-Center, event 39, hundreds since the reboot after "
            "patching:\n"
            "The Key Distribution Center (KDC) encountered a user certificate that was valid but "
            "could not be mapped to a user in a secure way (such as via explicit mapping, key "
            "trust mapping, or a SID).\n"
            "Error level now; the same event was a warning last week.",
            hypothesis="Strong certificate mapping (KB5014754) is enforced since the patch",
        ),
        check(
            36,
            WORKED,
            "Look into a client's certificate",
            "certutil -v -user -store my on LT-0418: subject and UPN right, no extension "
            "1.3.6.1.4.1.311.25.2 and no SAN URL tag:microsoft.com,2022-09-14:sid:…. The SCEP "
            "profile in Intune only sets the UPN.",
            hypothesis="Strong certificate mapping (KB5014754) is enforced since the patch",
        ),
        check(
            43,
            INCONCLUSIVE,
            "Would a registry key buy us time?",
            "StrongCertificateBindingEnforcement = 1 is set on both DCs by an old GPO, and event "
            "39 comes as an error all the same: the key is no longer read since the update of "
            "September 2025. Uninstalling the patch is not my call.",
            hypothesis="Compatibility mode can be brought back for a day",
        ),
        note(
            46,
            "One more thing for whoever takes it",
            "Adding {{OnPremisesSecurityIdentifier}} as a URI to the SCEP profile looks like the "
            "way, but SRV-DC01 is still Server 2016, which does not understand the SID in the "
            "URI. Half of the authentications may go there.",
        ),
    ),
    escalation=Escalation(
        at=49,
        reason=(
            "Seven schools without staff Wi-Fi. Needs somebody who owns PKI and the domain "
            "controllers: reissue certificates with the SID, and decide about SRV-DC01."
        ),
        notes=(
            "Possible bridge for today: explicit mapping in altSecurityIdentities "
            "(X509:<I>…<SR>…) scripted from the CA database for the 230 users. I have not tried "
            "it. Femi must leave at the end of school; after that call the trust office."
        ),
        priority=Priority.URGENT,
    ),
)

GUEST_SCOPE_EXHAUSTED = Case(
    owner="tier1",
    summary="Guests at the clinic get 169.254 addresses every day after eleven",
    domain="DHCP",
    environment=(
        "DHCP on SRV-DC01 (Windows Server 2019), scope 10.50.20.0/24 'Guest', range .50 to .250, "
        "lease 8 days. UniFi 8.6, SSID 'Orchard-Guest', about 140 visitors a day."
    ),
    customer=Customer("Orchard Veterinary Partners", "Lena Brandt, reception, +44 1632 960188"),
    ticket=Ticket("ConnectWise", "481904"),
    confidence=Confidence.HIGH,
    age=timedelta(days=3, hours=4),
    steps=(
        question(
            3,
            "Only guests, or staff as well?",
            "Only guests. Phones say 'Connected, no internet' and show 169.254.x.x. Mornings are "
            "fine. A reboot of the access point helps nobody.",
        ),
        check(
            8,
            WORKED,
            "DHCP server's events",
            "System log, DHCP-Server:\n"
            "1376: IP address range of scope 10.50.20.0 is 100 percent full with only 0 IP "
            "addresses available.\n"
            "1063: There are no IP addresses available for lease in the scope or superscope "
            '"Guest".',
            hypothesis="The guest scope has run out of addresses",
        ),
        check(
            14,
            FAILED,
            "Is a rogue device eating addresses?",
            "Get-DhcpServerv4Lease -ScopeId 10.50.20.0 | group ClientId: 201 leases, 201 different "
            "MAC addresses, none twice. No BAD_ADDRESS entries.",
            hypothesis="One device or a loop takes many leases",
        ),
        check(
            19,
            WORKED,
            "Whose leases are they?",
            "188 of 201 MAC addresses have the locally administered bit set (second hex digit 2, "
            "6, A or E): phones with private addresses. Each visit is a new client that keeps its "
            "lease for eight days.",
            hypothesis="Random MAC addresses and eight-day leases fill the scope",
        ),
        action(
            24,
            WORKED,
            "Shorten the lease and clear dead ones",
            "Set-DhcpServerv4Scope -ScopeId 10.50.20.0 -LeaseDuration 0.02:00:00, then removed "
            "leases of clients the UniFi controller hasn't seen today (163). In use: 38.",
            hypothesis="Random MAC addresses and eight-day leases fill the scope",
        ),
        check(
            1480,
            WORKED,
            "Same hour on the next day",
            "11:40: 74 of 201 in use, no 1063 since the change. Three visitors asked: all online.",
        ),
    ),
    resolution=Resolution(
        1490,
        "Lease time of the guest scope reduced from 8 days to 2 hours; randomised MAC addresses "
        "of visitors' phones had used up all 201 addresses. Peak is now 74. Monitoring threshold "
        "for scope usage set to 85 % in the RMM.",
    ),
)

CLUSTER_NAME_VANISHES = Case(
    owner="tier2",
    summary="DNS name of the SQL cluster disappears every second week and the ERP stops",
    domain="DNS scavenging",
    environment=(
        "Two-node failover cluster SQL-CL01 (Windows Server 2019, SQL Server 2019 CU27), name "
        "SQL-CL01.kessler.example, VCO SQL-CL01$. AD-integrated zone, secure dynamic updates only, "
        "aging on: no-refresh 7 days, refresh 7 days, scavenging on SRV-DC01 every 7 days."
    ),
    customer=Customer(
        "Kessler Precision Tooling",
        "Marta Kuhn, production planning, +1 202 555 0166",
        timedelta(hours=30),
    ),
    ticket=Ticket("ConnectWise", "482210"),
    confidence=Confidence.MEDIUM,
    age=timedelta(days=1, hours=2),
    steps=(
        note(
            1,
            "History",
            "Third time in six weeks, always on a Tuesday night. So far the on-call engineer "
            "recreated the A record by hand and closed the ticket.",
        ),
        check(
            6,
            WORKED,
            "Did scavenging take it?",
            "DNS Server log on SRV-DC01, event 2501 at 02:00: Visited Zones = 4, Visited Nodes = "
            "611, Scavenged Nodes = 3, Scavenged Records = 3. The analytic log names sql-cl01.",
            hypothesis="Scavenging removes the record because nobody refreshes it",
        ),
        check(
            18,
            FAILED,
            "Is the record meant to be static?",
            "Recreated records have a timestamp although they were made by hand: somebody ran "
            "dnscmd /ageallrecords in January, and 'Delete this record when it becomes stale' is "
            "ticked in the on-call runbook's screenshot.",
            hypothesis="The record is static and can't be scavenged",
        ),
        check(
            27,
            WORKED,
            "Does the cluster try to refresh?",
            "System log on both nodes, FailoverClustering, event 1196:\n"
            "Cluster network name resource 'SQL Network Name (SQL-CL01)' failed registration of "
            "one or more associated DNS name(s) for the following reason: DNS operation refused.",
            hypothesis="The cluster's account may not update the record",
        ),
        check(
            35,
            WORKED,
            "Owner and permissions of the record",
            "dsacls on the dnsNode: owner is the on-call admin, SQL-CL01$ has Read only. Records "
            "created in the console without 'Allow any authenticated user to update' lock the "
            "VCO out.",
            hypothesis="The cluster's account may not update the record",
        ),
        action(
            50,
            FAILED,
            "Give SQL-CL01$ full control of the record",
            "Granted, then took 'SQL Network Name' through Repair > update DNS. 1196 came back "
            "after 15 minutes, now with 'DNS bad key'.",
            hypothesis="Permission on the record alone is what is missing",
        ),
        check(
            64,
            INCONCLUSIVE,
            "Why 'bad key'?",
            "nltest /sc_verify is fine on both nodes. SQL-CL01$ last changed its password 94 days "
            "ago (pwdLastSet), all other VCOs within 30. Perhaps CNO KPT-CLU01$ can't rotate it "
            "any more, because 'Reset password' on the VCO went away when the OU was restructured.",
            hypothesis="The VCO's password is out of step because the CNO lost its rights",
        ),
    ),
    escalation=Escalation(
        at=80,
        reason=(
            "Repairing a VCO of a production SQL cluster can take the network name offline; I want "
            "tier 3 to look before I press Repair again."
        ),
        notes=(
            "Window: Marta accepts an interruption of ten minutes any day before 05:30. Scavenging "
            "on SRV-DC01 is paused (dnscmd /config /scavenginginterval 0): switch it on again. "
            "Compare the ACL with SQL-CL02$, which works."
        ),
        priority=Priority.NORMAL,
        target="tier3",
    ),
)

CASES = (
    VPN_SENDS_EVERYTHING,
    WIFI_REFUSES_INTUNE_LAPTOPS,
    GUEST_SCOPE_EXHAUSTED,
    CLUSTER_NAME_VANISHES,
)
