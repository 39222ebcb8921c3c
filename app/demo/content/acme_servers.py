"""Acme: virtualisation, backup, databases and the domain itself."""

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

CHECKPOINT_WONT_MERGE = Case(
    owner="tier2",
    summary="File server VM runs on four unmerged checkpoints, volume has 38 GB left",
    domain="Hyper-V",
    environment=(
        "Host HV-02, Windows Server 2019, Dell R740, local volume V: (ReFS, 6 TB). VM "
        "SRV-FS01: generation 2, data disk FS01-Data.vhdx 3.5 TB dynamic, now FS01-Data_*.avhdx "
        "four levels deep, 412 GB together. Veeam Backup & Replication 12.1 on a server of its "
        "own, on-host proxy."
    ),
    customer=Customer(
        "Harbour & Finch Solicitors",
        "Callum Reid, practice manager, +44 131 496 0177",
        timedelta(hours=7),
    ),
    ticket=Ticket("ConnectWise", "483033"),
    confidence=Confidence.LOW,
    age=timedelta(hours=1, minutes=25),
    steps=(
        check(
            2,
            WORKED,
            "RMM alert: V: at 99 %",
            "38 GB free of 6 TB, shrinking by about 6 GB an hour while the office works. Hyper-V "
            "Manager shows no checkpoints for SRV-FS01; Get-VMSnapshot agrees.",
        ),
        check(
            8,
            WORKED,
            "What is attached?",
            "Get-VMHardDiskDrive SRV-FS01 | Get-VHD: the VM runs on FS01-Data_9C41….avhdx, "
            "VhdType Differencing, parent chain of four down to FS01-Data.vhdx. Oldest AVHDX was "
            "written on Thursday at 21:04, the time of the backup.",
        ),
        check(
            14,
            WORKED,
            "VMMS log",
            "Microsoft-Windows-Hyper-V-VMMS-Admin, event 19100, every backup night since "
            "Thursday:\n"
            "'SRV-FS01' background disk merge failed to complete: The process cannot access the "
            "file because it is being used by another process. (0x80070020)",
        ),
        check(
            22,
            FAILED,
            "Is Veeam still holding the files?",
            "No job running, no process of the on-host proxy has a handle under V:\\VMs "
            "(handle64.exe -a FS01-Data). VeeamAgent.exe not running. Jobs for this VM are "
            "disabled now, so that no fifth level appears.",
            hypothesis="A hung Veeam job keeps the disk open",
        ),
        check(
            31,
            WORKED,
            "Who else opens VHDX files?",
            "fltmc instances -v V: shows the filter of the new antivirus, installed by policy on "
            "Thursday at 16:30. Its exclusions hold *.vhdx but neither *.avhdx nor vmms.exe and "
            "vmwp.exe.",
            hypothesis="Antivirus scans the AVHDX files during the merge",
        ),
        action(
            40,
            INCONCLUSIVE,
            "Exclusions corrected",
            "Policy 'Hyper-V hosts' now excludes *.vhd, *.vhdx, *.avhd, *.avhdx, *.vsv, *.rct, "
            "*.mrt, vmms.exe, vmwp.exe and V:\\VMs; the host reports the new policy. VMMS has not "
            "tried again since: it does when a checkpoint is deleted or the VM stops.",
            hypothesis="Antivirus scans the AVHDX files during the merge",
        ),
        finding(
            49,
            "Why I don't just shut it down",
            "A merge of 412 GB needs room on V: while it runs, on a dynamic parent that can grow. "
            "38 GB might not do, and a merge that stops half-way on a full ReFS volume is the one "
            "thing I don't want to be the author of. Last good backup of FS01: Wednesday night.",
            hypothesis="Free space suffices for the merge into the dynamic parent",
            outcome=INCONCLUSIVE,
        ),
    ),
    escalation=Escalation(
        at=53,
        reason=(
            "Space runs out in about six hours; merging needs a plan for room on V: and somebody "
            "who has done it on ReFS."
        ),
        notes=(
            "Options I see: move SRV-PRN01 (180 GB) off V: first by live storage migration; or "
            "shut down FS01, export the chain to the NAS and merge there. Fresh file-level copy of "
            "the matter folders to the NAS is running (robocopy /mir, 71 % now). Firm is in court "
            "season: an outage in the day must be agreed with Callum, the evening is free."
        ),
        priority=Priority.URGENT,
        target="tier3",
    ),
)

VEEAM_SQL_WRITER = Case(
    owner="tier1",
    summary="Nightly backup of the document server fails: SQL VSS writer 0x800423f4",
    domain="Backup",
    environment=(
        "Veeam Backup & Replication 12.1.2, application-aware processing. VM SRV-DOC01 (Windows "
        "Server 2019, SQL Server 2017 Standard CU31, instance DOCS) on VMware ESXi 7.0 U3. Archive "
        "volume S: is an iSCSI LUN of a QNAP TS-873A."
    ),
    customer=Customer("Northgate Dental Group", "Priya Menon, operations, +44 20 7946 0181"),
    ticket=Ticket("Autotask", "T{started:%Y%m%d}.0031"),
    confidence=Confidence.HIGH,
    age=timedelta(days=2, hours=5),
    steps=(
        check(
            4,
            WORKED,
            "Job log",
            "Failed to prepare guest for hot backup. Error: VSSControl: -2147212529 Backup job "
            "failed. Cannot create a shadow copy of the volumes containing writer's data. A VSS "
            "critical writer has failed. Writer name: [SqlServerWriter]. Class ID: "
            "[{a65faa63-5ea8-4ebc-9dbd-a0c4db26912a}]. Writer's state: "
            "[VSS_WS_FAILED_AT_PREPARE_SNAPSHOT]. Error code: [0x800423f4].",
        ),
        action(
            12,
            FAILED,
            "Restart the SQL VSS writer and retry",
            "Restart-Service SQLWriter; vssadmin list writers: SqlServerWriter [1] Stable, No "
            "error. Retried the job: same error, writer back in [8] Failed, Non-retryable error.",
            hypothesis="The writer was only stuck after the last job",
        ),
        check(
            21,
            FAILED,
            "Enough shadow storage and free space?",
            "vssadmin list shadowstorage: C: and D: unbounded, 60 GB and 140 GB free.",
            hypothesis="Shadow storage is exhausted",
        ),
        check(
            28,
            FAILED,
            "A second backup product?",
            "vssadmin list providers: only Microsoft Software Shadow Copy provider 1.0. No other "
            "agent in Programs and Features.",
            hypothesis="A second backup agent competes for VSS",
        ),
        check(
            96,
            WORKED,
            "Application log at the minute of the failure",
            "MSSQL$DOCS, event 9001: The log for database 'DocArchive' is not available. Check the "
            "operating system error log for related error messages.\n"
            "Then SQLWRITER event 24583: Sqllib error: OLEDB Error encountered calling "
            "ICommandText::Execute.",
            hypothesis="One database in the instance can't be frozen",
        ),
        check(
            104,
            WORKED,
            "Where does DocArchive live?",
            "sys.master_files: S:\\Archive\\DocArchive_log.ldf. iScsiPrt event 20, 'Connection to "
            "the target was lost', on the night of the first failure, after the QNAP's firmware "
            "update. The volume came back; SQL Server still holds the dead handle.",
            hypothesis="The iSCSI volume dropped under an open database",
        ),
        action(
            118,
            WORKED,
            "Take DocArchive offline and online again",
            "ALTER DATABASE DocArchive SET OFFLINE WITH ROLLBACK IMMEDIATE; SET ONLINE; DBCC "
            "CHECKDB (DocArchive) WITH NO_INFOMSGS: no errors. Agreed with Priya, archive search "
            "was away for four minutes.",
            hypothesis="The iSCSI volume dropped under an open database",
        ),
        action(
            131,
            WORKED,
            "Run the job",
            "Success, 14 minutes, guest processing without warning, log truncation done for all "
            "six databases.",
        ),
    ),
    escalation=Escalation(
        at=35,
        reason="Fourth failed night. VSS basics are ruled out; I can't read the SQL side of it.",
        notes="Customer's compliance report for the dental board is due, they ask every morning.",
        priority=Priority.HIGH,
    ),
    claim=Claim(at=88, by="tier2"),
    resolution=Resolution(
        140,
        "Database DocArchive had lost its log file's handle when the iSCSI volume S: dropped "
        "during the QNAP's firmware update; the SQL writer fails for the whole instance when one "
        "database can't be frozen. Offline/online plus CHECKDB repaired it. iSCSI sessions now use "
        "both NICs (MPIO), and QNAP firmware updates are taken out of the automatic window.",
    ),
)

RDS_BLACK_SCREEN = Case(
    owner="tier2",
    summary="RDS users stare at a black screen for minutes after logon, Start menu dead",
    domain="Remote Desktop Services",
    environment=(
        "Session hosts RDSH01 to RDSH04, Windows Server 2019 build 17763.6893, User Profile Disks "
        "on SRV-FS02, broker SRV-RDCB01, 92 users. Hosts 8 vCPU / 64 GB on Hyper-V."
    ),
    customer=Customer(
        "Bright Lane Logistics",
        "Owen Tran, IT coordinator, +1 202 555 0121",
        timedelta(hours=3),
    ),
    ticket=Ticket("HaloPSA", "0039087"),
    confidence=Confidence.HIGH,
    age=timedelta(hours=9, minutes=40),
    steps=(
        question(
            4,
            "Everybody, every host, every time?",
            "All users, worst on RDSH02, two to six minutes black with only the pointer. Some get "
            "a desktop with a Start button that does nothing. Worse every week since autumn.",
        ),
        check(
            13,
            FAILED,
            "Load and disks",
            "Perfmon over the morning logon storm: CPU below 45 %, 22 GB free, average disk "
            "sec/read 3 ms, UPD share's SMB latency 4 ms.",
            hypothesis="Hosts or profile storage are overloaded",
        ),
        check(
            25,
            FAILED,
            "Group Policy and logon scripts",
            "gpresult /h and GroupPolicy/Operational event 8001: policy done after 11 s. No "
            "synchronous script left.",
            hypothesis="Group Policy processing is slow",
        ),
        action(
            38,
            FAILED,
            "Disable AppReadiness",
            "Set-Service AppReadiness -StartupType Disabled on RDSH02, reboot: black screen "
            "shorter for new profiles, unchanged for old ones. Set back to Manual.",
            hypothesis="App Readiness blocks the shell on first logon",
        ),
        check(
            52,
            WORKED,
            "System log while the screen is black",
            "DistributedCOM event 10001, several per logon: Unable to start a DCOM Server: "
            "Microsoft.Windows.ShellExperienceHost… as Unavailable/Unavailable. The error: "
            '"2147942402".',
        ),
        check(
            160,
            WORKED,
            "Count the firewall rules",
            "(Get-ChildItem …\\SharedAccess\\Parameters\\FirewallPolicy\\RestrictedServices"
            "\\AppIso\\FirewallRules).Property.Count on RDSH02: 214,880; RDSH01: 171,402. wf.msc "
            "does not open any more. Each logon adds a set per user and never removes it, because "
            "profile disks look like new users every time.",
            hypothesis="Leaked per-user firewall rules bloat the registry",
        ),
        check(
            178,
            FAILED,
            "A local profile without profile disk",
            "Same four minutes on RDSH02. So the disks make the rules pile up, but mounting them "
            "isn't what takes the time.",
            hypothesis="Mounting the profile disk is slow",
        ),
        action(
            195,
            WORKED,
            "RDSH02: stop the leak and clear the rules",
            "Drained the host, exported the keys, set DWORD DeleteUserAppContainersOnLogoff = 1 "
            "under …\\SharedAccess\\Parameters\\FirewallPolicy, deleted and recreated AppIso"
            "\\FirewallRules and the S-1-5-21 rules in FirewallPolicy\\FirewallRules, rebooted. "
            "Test logon with Owen's own profile: desktop after 14 s, Start menu works.",
            hypothesis="Leaked per-user firewall rules bloat the registry",
        ),
        check(
            250,
            WORKED,
            "Twenty logons later",
            "RDSH02 back in the collection over lunch: 20 users, 11 to 16 s each, and the number "
            "of rules stays at 412.",
        ),
        action(
            260,
            PENDING,
            "Same on RDSH01, 03 and 04",
            "One host per evening, drained after hours. The GPO 'RDSH baseline' carries the DWORD "
            "for all of them already, so that the number stops growing tonight.",
            hypothesis="Leaked per-user firewall rules bloat the registry",
        ),
    ),
    escalation=Escalation(
        at=70,
        reason="Usual suspects ruled out; suspect the shell's app containers but not sure where.",
        notes="Owen lets us have RDSH02 for tests, it is out of the collection's rotation.",
        priority=Priority.HIGH,
    ),
    claim=Claim(at=142, by="tier3"),
)

SQL_TIMEOUTS_AT_ORDER_ENTRY = Case(
    owner="tier1",
    summary="Order entry in Sage 200 times out for everybody since the weekend",
    domain="Line-of-business application",
    environment=(
        "Sage 200 Professional 2023 R2, SQL Server 2019 Standard CU25 on SRV-SQL01\\SAGE (Windows "
        "Server 2019, 8 vCPU, 32 GB, max server memory 24 GB), database Kestrel_Live 118 GB. 26 "
        "clients on RDS. Weekly index job moved from Friday to Sunday by the vendor."
    ),
    customer=Customer(
        "Kestrel Catering Supplies",
        "Yusuf Demir, warehouse manager, +44 1632 960144 (mobile, answers texts fastest)",
        timedelta(hours=5, minutes=30),
    ),
    ticket=Ticket("ConnectWise", "483019"),
    confidence=Confidence.MEDIUM,
    age=timedelta(hours=2, minutes=50),
    steps=(
        question(
            3,
            "Which screen, which message?",
            "Sales Orders > Enter New Order, on adding the third or fourth line:\n"
            "Execution Timeout Expired. The timeout period elapsed prior to completion of the "
            "operation or the server is not responding. (error -2)\n"
            "Enquiry screens are fine. 40 orders wait on paper.",
        ),
        check(
            10,
            FAILED,
            "Server resources",
            "CPU 22 %, page life expectancy 4,100 s, disk latency 2 ms read / 1 ms write, log file "
            "38 % used. Nothing in SQL Server's error log about I/O over 15 seconds.",
            hypothesis="The database server is out of memory, CPU or disk",
        ),
        check(
            14,
            FAILED,
            "Did updates come in over the weekend?",
            "Get-HotFix and SQL Server's error log: last cumulative update three weeks ago, last "
            "restart 19 days ago. The only change on Sunday is the vendor's index job, moved from "
            "Friday.",
            hypothesis="A patch changed the engine's behaviour",
        ),
        check(
            18,
            FAILED,
            "Connect with the application's own login",
            "To see what the clients see, I ran from an RDS host:\n"
            'Invoke-Sqlcmd -ConnectionString "Server=SRV-SQL01\\SAGE;Database=Kestrel_Live;'
            'User Id=sage_app;Password=NotARealPassword-2041;Encrypt=True" -Query '
            '"SELECT @@SPID, @@VERSION"\n'
            "Answers in 30 ms. So login, network and TLS are not it.",
            hypothesis="Network or TLS between the RDS hosts and SQL Server",
        ),
        check(
            27,
            WORKED,
            "Blocking while a clerk adds a line",
            "sp_WhoIsActive @get_plans = 1: 11 sessions wait on LCK_M_S behind session 88, 31 s "
            "and counting. Session 88: login sage_report, program 'Power BI Gateway', sleeping "
            "with open_tran_count = 1, last statement a SELECT over SOPOrderReturnLine WITH "
            "(TABLOCKX).",
            hypothesis="A report holds locks on the order lines",
        ),
        action(
            35,
            FAILED,
            "Kill session 88, pause the gateway's refresh",
            "With Yusuf's consent. Blocking gone, but adding a line still takes 26 to 40 s instead "
            "of under one. So there is a second cause.",
            hypothesis="The report's locks are the only cause",
        ),
        check(
            49,
            WORKED,
            "Query Store for the slow statement",
            "Top regressed queries, last 7 days: query 51377 (price lookup by customer and item) "
            "went from plan 9021, index seek, 18 ms, to plan 9466, scan of 6.1 million rows, "
            "28,400 ms. First seen Sunday 03:10, the minute after the index job.",
            hypothesis="A plan regression after Sunday's index maintenance",
        ),
        check(
            54,
            WORKED,
            "The same statement by hand with OPTION (RECOMPILE)",
            "Customer KC-0412: 19 ms with the seek. House account CASH, 38 % of all rows: 27 s "
            "with the scan. The cached plan was compiled for CASH, and everybody pays for it.",
            hypothesis="The plan was compiled for an untypical customer (parameter sniffing)",
        ),
        check(
            58,
            INCONCLUSIVE,
            "Statistics of the price table",
            "sys.dm_db_stats_properties: the index's statistics were rebuilt with a full scan, the "
            "column statistics on CustomerID sampled at 1 % right after it by a second step of the "
            "vendor's job. modification_counter is 0.",
            hypothesis="Statistics sampled at 1 % mislead the optimiser",
        ),
        note(
            62,
            "What the warehouse does meanwhile",
            "Orders go on paper, two clerks key them in after the last call. Yusuf knows that the "
            "slow lines do get saved in the end: nobody shall press Cancel, a rollback takes as "
            "long again.",
        ),
    ),
    escalation=Escalation(
        at=66,
        reason=(
            "Need a decision I may not make on a customer's production SQL: force plan 9021, or "
            "update statistics with full scan in working hours."
        ),
        notes=(
            "Sage's support contract forbids schema changes, a forced plan in Query Store is not "
            "one. The Power BI refresh is paused: it must be told to read with READ COMMITTED "
            "SNAPSHOT or from a copy before it comes back. Yusuf loads the lorries at the end of "
            "his shift and needs a yes or no an hour before."
        ),
        priority=Priority.HIGH,
    ),
)

SYSVOL_STOPPED_REPLICATING = Case(
    owner="tier2",
    summary="New Group Policies reach only half of the users: SYSVOL stopped replicating",
    domain="Active Directory",
    environment=(
        "Domain northgate.example, two domain controllers: NDG-DC01 (Windows Server 2019, PDC "
        "emulator) and NDG-DC02 (Windows Server 2022, branch, behind a site-to-site VPN). SYSVOL "
        "by DFS Replication. 140 users."
    ),
    customer=Customer(
        "Northgate Dental Group",
        "Priya Menon, operations, +44 20 7946 0181",
        timedelta(hours=20),
    ),
    ticket=Ticket("Autotask", "T{started:%Y%m%d}.0012"),
    confidence=Confidence.MEDIUM,
    age=timedelta(days=3, hours=2),
    steps=(
        check(
            5,
            WORKED,
            "Same policy seen from both controllers",
            "GPMC > Status: GPO 'Browser baseline' version 14 on DC01, 9 on DC02. dir of the "
            "Policies folder: 61 against 54 GUIDs.",
        ),
        check(
            11,
            FAILED,
            "Is AD replication itself broken?",
            "repadmin /replsummary: largest delta 14 minutes, 0 fails on both. So the directory "
            "part travels, the files don't.",
            hypothesis="AD replication over the VPN is failing",
        ),
        check(
            18,
            WORKED,
            "DFS Replication log on DC02",
            "Event 4012: The DFS Replication service stopped replication on the folder with the "
            "following local path: C:\\Windows\\SYSVOL\\domain. This server has been disconnected "
            "from other partners for 67 days, which is longer than the time allowed by the "
            "MaxOfflineTimeInDays parameter (60). Error: 9061 (The replicated folder has been "
            "offline for too long.)",
            hypothesis="DC02 was offline for DFSR longer than MaxOfflineTimeInDays",
        ),
        check(
            26,
            WORKED,
            "What happened 67 days ago?",
            "Event 2213 on DC02: dirty shutdown, database paused, waiting for ResumeReplication. "
            "That was the UPS failure in the branch. StopReplicationOnAutoRecovery is 1 there, set "
            "by an old hardening policy, so it waited for somebody to resume it, and nobody did.",
            hypothesis="DC02 was offline for DFSR longer than MaxOfflineTimeInDays",
        ),
        check(
            40,
            INCONCLUSIVE,
            "Which side is the good one?",
            "DC01 has everything newer except two logon scripts which the branch's practice "
            "software vendor edited on DC02 three weeks ago (netlogon\\imaging*.cmd).",
            hypothesis="DC01 holds the complete and current SYSVOL",
        ),
        action(
            58,
            WORKED,
            "Copy both SYSVOL trees aside",
            "robocopy with /copyall to D:\\sysvol-before on each controller, plus a system state "
            "backup of both (wbadmin).",
        ),
    ),
    escalation=Escalation(
        at=64,
        reason=(
            "Non-authoritative restore of SYSVOL on DC02 in working hours wants a second pair of "
            "eyes; I have done it in the lab only."
        ),
        notes=(
            "Plan: bring the vendor's two scripts to DC01, then on DC02 msDFSR-Enabled = FALSE, "
            "repadmin /syncall, DFSRDIAG POLLAD, wait for 4114, TRUE again, wait for 4614 and "
            "4604. No authoritative (D4) step needed as DC01 never stopped."
        ),
        legacy=True,
    ),
)

CASES = (
    CHECKPOINT_WONT_MERGE,
    VEEAM_SQL_WRITER,
    RDS_BLACK_SCREEN,
    SQL_TIMEOUTS_AT_ORDER_ENTRY,
    SYSVOL_STOPPED_REPLICATING,
)
