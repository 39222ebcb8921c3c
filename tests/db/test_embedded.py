"""What the embedded PostgreSQL promises. Every failure here is really provoked."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from broadcaster import Broadcast
from sqlalchemy.engine import make_url

from db.embedded import (
    BinariesMissing,
    DataDirectoryInUse,
    DataDirectoryUnusable,
    DataDirectoryVersion,
    EmbeddedServer,
    ServerDidNotStart,
    bootstrap,
    default_data_dir,
    layout,
    process,
    server,
    serverlog,
)
from db.embedded.account import Account, account_for, blocked_at
from db.embedded.binaries import Binaries, from_wheel

ROOT = os.geteuid() == 0
PROJECT = Path(__file__).parents[2]
QUICK = {"fsync": "off", "max_connections": "20", "shared_buffers": "16MB"}


def _short_and_fast() -> str:
    """Socket paths are short, and a cluster is 1,300 files: memory when there is plenty of it."""
    memory = "/dev/shm"  # noqa: S108 - a directory of our own is made inside
    roomy = Path(memory).is_dir() and shutil.disk_usage(memory).free > 2**30
    return memory if roomy and os.access(memory, os.W_OK) else "/tmp"  # noqa: S108


SHORT = _short_and_fast()

PROMISED = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "data_checksums": "on",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "server_encoding": "UTF8",
}

as_root = pytest.mark.skipif(not ROOT, reason="needs root")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

SERVE = """
import asyncio, os, pathlib, sys
from db.embedded import EmbeddedServer, bootstrap, process
async def main():
    process.KERNEL_TELLS = process.KERNEL_TELLS and sys.argv[2] != "pipe"
    server = EmbeddedServer(pathlib.Path(sys.argv[1]), {"fsync": "off", "max_connections": "20"})
    await server.start()
    await bootstrap(server)
    print(os.getuid(), server.pid, flush=True)
    if sys.argv[2] == "once":
        await server.stop()
    else:
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A short directory that anyone may pass: pytest's own is closed to other accounts."""
    made = Path(tempfile.mkdtemp(prefix="bt-", dir=SHORT)).resolve()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@dataclass(frozen=True)
class Running:
    """A bootstrapped server of another process. ``server`` is not started: it only knows where."""

    server: EmbeddedServer
    owner: int
    postmaster: int


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """For tests that change nothing; shared by them."""
    made = Path(tempfile.mkdtemp(prefix="bt-", dir=SHORT)).resolve()
    made.chmod(0o755)
    with apart(made / "data", "signal") as child:
        _, postmaster = child.stdout.readline().split()
        yield Running(EmbeddedServer(made / "data"), child.pid, int(postmaster))
        child.terminate()
    while not gone(int(postmaster)):
        time.sleep(0.02)
    shutil.rmtree(made)


@pytest.fixture
async def serve(place: Path) -> AsyncIterator[Callable[..., Any]]:
    """Start a server on ``place / "data"``; stopped at the end of the test."""
    started: list[EmbeddedServer] = []

    async def start(data_dir: Path = place / "data", **options: Any) -> EmbeddedServer:
        made = EmbeddedServer(data_dir, QUICK, **options)
        started.append(made)
        await made.start()
        return made

    yield start
    for one in started:
        await one.stop()


@pytest.fixture(autouse=True)
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LEFTOVERS", 5.0)


def run(*command: Any, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, check=False, capture_output=True, text=True, **options)


def background(*command: Any, **options: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd="/", **options)


def apart(data_dir: Path, how: str, *prefix: str) -> "subprocess.Popen[str]":
    """Another Python process that starts a server; its first line is "<uid> <postmaster>"."""
    return subprocess.Popen(
        [*prefix, sys.executable, "-c", SERVE, data_dir, how],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"},
    )


async def value(made: EmbeddedServer, sql: str, role: str = "baton_app", to: str = "baton") -> Any:
    connection = await asyncpg.connect(made.dsn(role, to))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def until(condition: Callable[[], bool], seconds: float = 10) -> float:
    """How long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "waited in vain"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def gone(pid: int) -> bool:
    """Dead, or dead and not yet collected by init."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        if sys.platform == "linux":
            return True
        return run("/bin/ps", "-p", str(pid)).returncode != 0
    return state == "Z"


# -- starting and stopping


async def test_data_survives_stop_and_start_and_a_warm_start_takes_less_than_a_second(serve):
    made = await serve()
    await bootstrap(made)
    await value(made, "CREATE TABLE kept AS SELECT 42 AS answer", "baton_owner")
    await made.stop()
    assert made.pid is None

    began = time.monotonic()
    await made.start()

    assert time.monotonic() - began < 1
    assert await value(made, "SELECT answer FROM kept", "baton_owner") == 42


async def test_it_is_durable_and_of_the_promised_size_unless_told_otherwise(place):
    made = EmbeddedServer(place / "data")
    await made.start()
    try:
        shown = [await value(made, f"SHOW {name}", "postgres", "postgres") for name in PROMISED]
        provider = await value(
            made,
            "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname='postgres'",
            "postgres",
            "postgres",
        )
    finally:
        await made.stop()
    assert dict(zip(PROMISED, shown, strict=True)) == PROMISED
    assert provider == "bC.UTF-8"


async def test_settings_reach_the_server(running):
    made = running.server
    assert await value(made, "SHOW max_connections", "postgres", "postgres") == "20"
    assert await value(made, "SHOW fsync", "postgres", "postgres") == "off"


async def test_no_row_and_no_statement_is_written_into_its_log(running):
    made = running.server
    connection = await asyncpg.connect(made.dsn("postgres", "postgres"))
    try:
        await connection.execute("CREATE TABLE kept (word text CONSTRAINT one UNIQUE, n int)")
        await connection.execute("ALTER TABLE kept ADD CONSTRAINT small CHECK (n < 9)")
        insert = "INSERT INTO kept VALUES ($1, $2::int + 0)"
        await connection.execute(insert, "canary", 1)
        for name, number in (("canary", 1), ("canary", 9)):
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="DETAIL"):
                await connection.execute(insert, name, number)
        with pytest.raises(asyncpg.UndefinedColumnError):
            await connection.execute("SELECT nothing, 'canary'")
        await connection.execute("SET statement_timeout = 50")
        with pytest.raises(asyncpg.QueryCanceledError):
            await connection.execute("SELECT pg_sleep(5), $1::text", "canary")
    finally:
        await connection.close()
    said = made.log_file.read_text()
    assert all(sign in said for sign in ('"one"', '"small"', "nothing", "statement timeout"))
    assert "canary" not in said


async def test_a_setting_postgres_refuses_is_told_with_its_words_and_leaves_nothing(place):
    made = EmbeddedServer(place / "data", {"shared_buffers": "plenty"})
    with pytest.raises(ServerDidNotStart, match="shared_buffers"):
        await made.start()
    assert made.pid is None

    healed = EmbeddedServer(place / "data", QUICK)  # the lock is free again
    await healed.start()
    await healed.stop()


async def test_a_start_that_is_cancelled_leaves_nothing_running(place):
    made = EmbeddedServer(place / "data", QUICK)
    task = asyncio.create_task(made.start())
    await until(lambda: any((place / "data").glob("postgres.unfinished-*/PG_VERSION")))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not (place / "data" / "postgres").exists()
    await made.start()
    await made.stop()


async def test_stop_may_be_repeated_and_a_second_start_is_refused(serve):
    made = await serve()
    with pytest.raises(RuntimeError, match="started already"):
        await made.start()
    await made.stop()
    await made.stop()


async def test_ctrl_c_in_the_terminal_is_not_for_postgres(running):
    assert os.getsid(running.postmaster) == running.postmaster != os.getsid(0)


# -- who may do what


async def test_bootstrap_makes_two_plain_roles_and_may_be_repeated(serve):
    made = await serve()
    await bootstrap(made)
    await value(made, "ALTER ROLE baton_app SUPERUSER", "postgres")
    await bootstrap(made)

    powers = "rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication"
    for role in ("baton_owner", "baton_app"):
        asked = f"SELECT rolcanlogin AND NOT ({powers}) FROM pg_roles WHERE rolname = '{role}'"
        assert await value(made, asked) is True
    owner = (
        "SELECT pg_get_userbyid({0}dba) || ' ' || pg_encoding_to_char(encoding) FROM pg_database"
    )
    assert await value(made, owner.format("dat") + " WHERE datname = 'baton'") == "baton_owner UTF8"


async def test_only_the_owner_creates_anything(running):
    made = running.server
    await value(made, "CREATE TABLE mine ()", "baton_owner")
    for statement in ("CREATE TABLE x ()", "CREATE TEMP TABLE x ()", "CREATE SCHEMA x"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await value(made, statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await value(made, "SELECT count(*) FROM mine")


async def test_the_dsn_serves_asyncpg_sqlalchemy_and_broadcaster(running, monkeypatch):
    monkeypatch.setenv("PGPORT", "9")
    made = running.server
    dsn = made.dsn("baton_app", "baton")

    assert await value(made, "SELECT current_user || '@' || current_database()") == (
        "baton_app@baton"
    )
    url = make_url(dsn).set(drivername="postgresql+asyncpg")
    _, arguments = url.get_dialect()().create_connect_args(url)
    connection = await asyncpg.connect(**arguments)
    await connection.close()
    async with Broadcast(dsn) as doorbell, doorbell.subscribe("ring") as heard:
        await doorbell.publish("ring", "news")
        event = await asyncio.wait_for(heard.get(), 5)
    assert event.message == "news"


# -- nobody else gets in


async def test_there_is_no_tcp_and_the_socket_is_the_accounts_own(running):
    made = running.server
    assert await value(made, "SHOW listen_addresses", "postgres", "postgres") == ""
    for host in ("127.0.0.1", "::1"):
        with pytest.raises(OSError), socket.create_connection((host, 5432), 1):
            pytest.skip("another PostgreSQL of this machine listens on 5432")
    found = made.socket_dir.stat()
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert found.st_uid == (made.data_dir / "postgres").stat().st_uid
    assert stat.S_IMODE((made.socket_dir / ".s.PGSQL.5432").stat().st_mode) == 0o700
    assert stat.S_IMODE((made.data_dir / "postgres").stat().st_mode) == 0o700


@as_root
@on_linux
async def test_another_account_of_the_machine_is_refused_by_the_socket(running):
    made = running.server
    psql = from_wheel().directory / "psql"
    daemon = pwd.getpwnam("daemon")
    if blocked_at(psql, Account(daemon.pw_uid, daemon.pw_gid, dropped=True)):
        pytest.skip("psql is out of that account's reach")
    asked = [psql, "-h", made.socket_dir, "-U", "postgres", "-c", "SELECT 1"]
    mine = run(*asked)
    theirs = run(*asked, user=daemon.pw_uid, group=daemon.pw_gid)
    assert mine.returncode == 0, mine.stderr
    assert "Permission denied" in theirs.stderr


@pytest.mark.parametrize("name", ["d" * 90, "with space, comma & 100%"])
async def test_a_long_or_odd_data_dir_gets_a_socket_in_a_short_private_place(serve, place, name):
    made = await serve(place / name)
    try:
        assert made.socket_dir.parent != made.data_dir
        assert stat.S_IMODE(made.socket_dir.stat().st_mode) == 0o700
        assert await value(made, "SELECT 1", "postgres", "postgres") == 1
        assert EmbeddedServer(place / name).dsn("a", "b") == made.dsn("a", "b")
    finally:
        await made.stop()
        shutil.rmtree(made.socket_dir)


@as_root
async def test_a_socket_directory_someone_else_laid_out_is_refused(place):
    made = EmbeddedServer(place / ("d" * 90), QUICK)
    made.socket_dir.mkdir()
    os.chown(made.socket_dir, 12345, 12345)
    try:
        with pytest.raises(DataDirectoryUnusable, match="belongs to someone else"):
            await made.start()
    finally:
        made.socket_dir.rmdir()


# -- dying and coming back


async def test_a_killed_postmaster_is_replaced_without_anyone_asking_and_loses_nothing(serve):
    made = await serve()
    await bootstrap(made)
    await value(made, "CREATE TABLE kept AS SELECT generate_series(1, 50000) n", "baton_owner")
    busy = await asyncpg.connect(made.dsn("baton_app", "baton"))
    working = asyncio.create_task(busy.execute("SELECT pg_sleep(30)"))
    before = made.pid

    for deaths in (1, 2):
        os.kill(made.pid, signal.SIGKILL)
        await until(lambda deaths=deaths: made.restarts == deaths)
        assert made.ready
        assert await value(made, "SELECT count(*) FROM kept", "baton_owner") == 50000

    assert made.pid != before
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await working


async def test_a_restart_outlasts_a_backend_that_still_holds_the_shared_memory(serve):
    made = await serve()
    stubborn = await asyncpg.connect(made.dsn("postgres", "postgres"))
    backend = await stubborn.fetchval("SELECT pg_backend_pid()")
    os.kill(backend, signal.SIGSTOP)  # does not see its postmaster die
    os.kill(made.pid, signal.SIGKILL)
    try:
        await until(lambda: "pre-existing shared memory block" in made.log_file.read_text())
        assert made.restarts == 0
    finally:
        os.kill(backend, signal.SIGCONT)
    await until(lambda: made.restarts == 1)
    assert await value(made, "SELECT 1", "postgres", "postgres") == 1
    stubborn.terminate()


async def test_a_killed_backend_is_postgres_own_affair(serve):
    made = await serve()
    connection = await asyncpg.connect(made.dsn("postgres", "postgres"))
    postmaster = made.pid
    os.kill(await connection.fetchval("SELECT pg_backend_pid()"), signal.SIGKILL)
    again = "database system is ready to accept connections"
    await until(lambda: made.log_file.read_text().count(again) == 2)
    assert made.ready
    assert (made.pid, made.restarts) == (postmaster, 0)
    connection.terminate()


async def test_stop_in_the_middle_of_a_restart_leaves_nothing(serve):
    made = await serve()
    before = made.pid
    os.kill(before, signal.SIGKILL)
    await until(lambda: made.pid not in {before, None})
    later = made.pid
    await made.stop()
    assert gone(later)
    await made.start()
    assert await value(made, "SELECT 1", "postgres", "postgres") == 1


@pytest.mark.parametrize("told_by", ["signal", "pipe"])
async def test_postgres_stops_cleanly_when_our_process_is_killed(serve, place, told_by):
    if told_by == "signal" and not process.KERNEL_TELLS:
        pytest.skip("needs a parent-death signal")
    parent = apart(place / "data", told_by)
    _, postmaster = parent.stdout.readline().split()
    parent.kill()
    parent.wait()
    parent.stdout.close()

    made = await serve()  # at once: waits for the one that is still stopping

    assert gone(int(postmaster))
    log = made.log_file.read_text()
    assert log.count("received fast shutdown request") == 1
    assert "automatic recovery" not in log


async def test_an_initdb_killed_half_way_is_no_obstacle(serve, place):
    parent = apart(place / "data", "signal")
    await until(lambda: any((place / "data").glob("postgres.unfinished-*/base")))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert not (place / "data" / "postgres").exists()

    made = await serve()
    assert await value(made, "SELECT 1", "postgres", "postgres") == 1
    await made.stop()
    await made.start()
    assert not list((place / "data").glob("postgres.unfinished-*"))


# -- one owner


async def test_a_second_server_on_the_directory_is_told_who_has_it(running):
    with pytest.raises(
        DataDirectoryInUse, match=f"process {running.owner}.*BATON_DATA_DIR"
    ) as told:
        await EmbeddedServer(running.server.data_dir).start()
    assert told.value.pid == running.owner


async def test_a_server_of_another_process_is_told_too_and_its_lock_dies_with_it(serve, place):
    other = apart(place / "data", "signal")
    other.stdout.readline()
    with pytest.raises(DataDirectoryInUse) as told:
        await EmbeddedServer(place / "data").start()
    assert told.value.pid == other.pid
    other.kill()
    other.wait()
    other.stdout.close()
    assert (place / "data" / "lock").read_text().strip() == str(other.pid)
    await serve()


async def _crashed(made: EmbeddedServer) -> Path:
    """Stop the server as a power cut would. Returns its pid file."""
    made._watch.cancel()
    os.kill(made.pid, signal.SIGKILL)
    await until(lambda: made.pid is None)
    await made.stop()
    return made.data_dir / "postgres" / "postmaster.pid"


async def test_the_pid_file_of_a_crash_is_no_obstacle(serve):
    pid_file = await _crashed(await serve())
    assert pid_file.exists()
    await serve()


@pytest.mark.parametrize("state", ["alive", "zombie"])
async def test_a_pid_file_whose_pid_is_someone_elses_now_is_no_obstacle(serve, state):
    """As after a container's restart, where pids repeat."""
    made = await serve()
    account = account_for(made.data_dir / "postgres")
    user = {"user": account.uid, "group": account.gid} if account.dropped else {}
    stranger = background("sleep", "60" if state == "alive" else "0", **user)
    try:
        pid_file = await _crashed(made)
        for file in (pid_file, made.socket_dir / ".s.PGSQL.5432.lock"):
            first, rest = file.read_text().split("\n", 1)
            assert first
            file.write_text(f"{stranger.pid}\n{rest}")
        again = await serve()
        assert await value(again, "SELECT 1", "postgres", "postgres") == 1
    finally:
        stranger.kill()
        stranger.wait()


@on_linux
async def test_a_postgres_nobody_watches_is_waited_for_and_named_when_it_stays(serve, place):
    made = await serve()
    cluster = made.data_dir / "postgres"
    account = account_for(cluster)
    await made.stop()
    orphan = background(
        *(from_wheel().postgres, "-D", cluster, "-k", made.socket_dir, "-c", "listen_addresses="),
        **({"user": account.uid, "group": account.gid} if account.dropped else {}),
    )
    try:
        await until((cluster / "postmaster.pid").exists)
        server.LEFTOVERS = 0.3
        with pytest.raises(DataDirectoryInUse, match=f"kill -INT {orphan.pid}") as told:
            await EmbeddedServer(place / "data").start()
        assert told.value.pid == orphan.pid

        server.LEFTOVERS = 5.0
        waiting = asyncio.create_task(serve())
        await asyncio.sleep(0.3)
        assert not waiting.done()
    finally:
        orphan.send_signal(signal.SIGINT)
    again = await waiting
    assert again.ready
    orphan.wait()


# -- directories that are not right


async def test_a_cluster_of_another_major_version_is_refused_with_the_recipe(serve):
    made = await serve()
    await made.stop()
    version = made.data_dir / "postgres" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(DataDirectoryVersion, match=r"(?s)PostgreSQL 17.*runs 18.*pg_dump.*pg_rest"):
        await made.start()
    assert version.read_text() == "17\n"
    version.write_text("18\n")
    await made.start()


async def test_a_directory_that_is_no_cluster_is_refused_untouched(place):
    (place / "data" / "postgres").mkdir(parents=True)
    if ROOT:
        os.chown(place / "data" / "postgres", 65534, 65534)
    (place / "data" / "postgres" / "letter").write_text("dear")
    with pytest.raises(DataDirectoryUnusable, match="no PG_VERSION"):
        await EmbeddedServer(place / "data").start()
    assert (place / "data" / "postgres" / "letter").read_text() == "dear"


@as_root
async def test_root_is_told_which_parent_is_closed_and_what_to_do(place):
    (place / "home").mkdir(mode=0o700)
    with pytest.raises(DataDirectoryUnusable, match=f"chmod o\\+x {place}/home$") as told:
        await EmbeddedServer(place / "home" / "x" / "data").start()
    assert "/var/lib/baton" in str(told.value)
    assert stat.S_IMODE((place / "home").stat().st_mode) == 0o700


async def test_a_data_dir_that_cannot_be_made_is_told_with_what_to_do(place):
    (place / "file").touch()
    with pytest.raises(DataDirectoryUnusable, match="BATON_DATA_DIR"):
        await EmbeddedServer(place / "file" / "data").start()


# -- root, and not root


@as_root
async def test_root_runs_it_as_an_account_without_privileges(running):
    made = running.server
    status = run("cat", f"/proc/{running.postmaster}/status").stdout
    nobody = pwd.getpwnam("nobody")
    assert f"Uid:\t{nobody.pw_uid}\t{nobody.pw_uid}\t{nobody.pw_uid}" in status
    assert f"Groups:\t{nobody.pw_gid} \n" in status
    assert "CapEff:\t0000000000000000" in status
    assert made.data_dir.stat().st_uid == 0  # the service's own files stay the service's


@as_root
async def test_binaries_in_roots_closed_home_are_copied_once_and_used(serve, place):
    home = place / "home"
    home.mkdir(mode=0o700)
    wheel = from_wheel()
    for path in wheel.movable:
        target = home / path.relative_to(wheel.base)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if path.is_dir() else shutil.copy2
        copy(path, target)
    run("chmod", "-R", "go=", home)  # installed under a umask of 077
    hidden = Binaries(
        home / wheel.directory.relative_to(wheel.base),
        wheel.version,
        home,
        tuple(home / path.relative_to(wheel.base) for path in wheel.movable),
    )

    made = await serve(binaries=hidden)
    await bootstrap(made)
    await made.stop()
    copied = place / "data" / f"postgresql-{wheel.version}"
    first = copied.stat().st_ino
    await made.start()
    assert copied.stat().st_ino == first
    assert run("readlink", f"/proc/{made.pid}/exe").stdout.startswith(str(copied))

    system = Binaries(hidden.directory, wheel.version)
    with pytest.raises(BinariesMissing, match="may not execute"):
        await EmbeddedServer(place / "other", binaries=system).start()


@as_root
@on_linux
async def test_an_ordinary_account_runs_it_as_itself(place):
    daemon = pwd.getpwnam("daemon")
    account = Account(daemon.pw_uid, daemon.pw_gid, dropped=True)
    (place / "home").mkdir()
    os.chown(place / "home", account.uid, account.gid)
    (place / "home").chmod(0o700)
    become = ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    if blocked_at(Path(sys.executable), account) or blocked_at(PROJECT, account):
        # only the way to this test run's interpreter is opened
        become += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]

    for _ in range(2):  # cold, then warm
        ran = apart(place / "home" / "data", "once", *become)
        said, _ = ran.communicate(timeout=20)
        assert ran.returncode == 0
        assert said.split()[0] == str(account.uid)
    assert (place / "home" / "data" / "postgres").stat().st_uid == account.uid
    assert stat.S_IMODE((place / "home" / "data").stat().st_mode) == 0o700


def test_by_default_it_lies_where_the_account_it_runs_as_can_get(monkeypatch):
    if ROOT:
        assert default_data_dir() == Path("/var/lib/baton")
    monkeypatch.setattr(layout.os, "geteuid", lambda: 1000)
    assert default_data_dir().is_relative_to(Path.home())


# -- its log


async def test_the_log_is_bounded(serve, monkeypatch):
    monkeypatch.setattr(serverlog, "LARGEST", 20_000)
    monkeypatch.setattr(server, "TRIM", 0.1)
    made = await serve()
    connection = await asyncpg.connect(made.dsn("postgres", "postgres"))
    for _ in range(40):
        await connection.execute(f"DO $$ BEGIN RAISE LOG '{'x' * 2000}'; END $$")
    await connection.close()
    await until(lambda: made.log_file.stat().st_size < 20_000)
    await made.stop()
    assert "database system is shut down" in made.log_file.read_text()
    assert made.log_file.with_name("postgres.log.1").stat().st_size > 20_000
