"""MediaWiki on SQLite and PHP's own server: status 200 for everything; four edits in 20 seconds once it is limited."""

import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

from tests.vendors.process import NotPossible, Running, local_session, run, serve

NAME = "mediawiki"
PACKAGES = ("mediawiki", "php-cli", "php-sqlite3", "php-mbstring", "php-xml", "php-intl", "php-curl")
SOURCE = Path("/usr/share/mediawiki")
EDITS = 4
EDITS_INTERVAL_S = 20

_SETTINGS = """
$wgMainCacheType = CACHE_DB;
foreach ( [ 'sysop', 'bureaucrat' ] as $group ) { $wgGroupPermissions[$group]['noratelimit'] = false; }
$wgRateLimits['edit'] = [];
"""
_LIMIT = """
foreach ( [ 'user', 'newbie', 'ip' ] as $who ) {{ $wgRateLimits['edit'][$who] = [ {edits}, {interval_s} ]; }}
"""


CAPTCHA = """
wfLoadExtensions( [ 'ConfirmEdit' ] );
$wgCaptchaTriggers['edit'] = true;
"""


def start(
    state: Path, port: int, *, titles: tuple[str, ...], limited: str = "no limit on edits", more: str = ""
) -> Running:
    """A new wiki that holds pages of these titles besides its main page.

    ``limited`` says how its edits are limited, ``more`` is what else stands in its settings.
    """
    log = state / "setup.log"
    _install(log)
    wiki, database = state / "wiki", state / "database"
    shutil.copytree(SOURCE, wiki, symlinks=True)
    (wiki / "LocalSettings.php").unlink(missing_ok=True)  # Debian's link leads into the machine's own wiki.
    database.mkdir()
    origin = f"http://127.0.0.1:{port}"
    password = secrets.token_urlsafe(18)
    install = ["--dbtype", "sqlite", "--dbpath", str(database), "--dbname", "wiki", "--scriptpath", ""]
    account = ["--server", origin, "--pass", password, "VendorWiki", "Admin"]
    run(["php", wiki / "maintenance" / "install.php", *install, *account], log=log)
    settings = wiki / "LocalSettings.php"
    settings.write_text(settings.read_text() + _SETTINGS)
    for title in titles:
        _edit(wiki, title, log)
    _set(state, more)
    # Or PHP would go on with the settings that it has read for two seconds after they are changed.
    command = ["php", "-d", "opcache.revalidate_freq=0", "-S", f"127.0.0.1:{port}"]
    pid = serve(command, name=NAME, url=f"{origin}/api.php", state=state, cwd=wiki)
    return Running(
        name=NAME,
        origin=origin,
        state=state,
        pid=pid,
        version=_version(origin),
        configuration=f"Debian package, SQLite, PHP's own server; {limited}",
        secrets={"admin_password": password},
    )


def limit(state: Path) -> None:
    """Take so many edits in so many seconds from now on, of everybody."""
    _set(state, _LIMIT.format(edits=EDITS, interval_s=EDITS_INTERVAL_S))


def lock(state: Path) -> None:
    """Refuse every edit from now on, as an operator does during maintenance."""
    time.sleep(EDITS_INTERVAL_S + 1)  # or the limit would be met before the lock
    _set(state, "\n$wgReadOnly = 'Upgrade in progress.';\n")


def _set(state: Path, setting: str) -> None:
    settings = state / "wiki" / "LocalSettings.php"
    settings.write_text(settings.read_text() + setting)


def _install(log: Path) -> None:
    if SOURCE.is_dir() and shutil.which("php"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NotPossible(f"MediaWiki needs the Debian packages {', '.join(PACKAGES)}; install them as root.")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], log=log, env=quiet)
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES], log=log, env=quiet)


def _edit(wiki: Path, title: str, log: Path) -> None:
    with log.open("ab") as output:
        subprocess.run(
            ["php", str(wiki / "maintenance" / "edit.php"), "--user", "Admin", title],
            input=f"About {title}.\n".encode(),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
        )


def _version(origin: str) -> str:
    asked = {"action": "query", "meta": "siteinfo", "format": "json"}
    with local_session() as session:
        told = session.get(f"{origin}/api.php", params=asked, timeout=60).json()
    return str(told["query"]["general"]["generator"])
