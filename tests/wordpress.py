"""A real WordPress for tests: Debian's packages wordpress, php-cli and php-mysql on a MariaDB of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mariadb import INSTALL, SERVER, mariadb

SOURCE = Path("/usr/share/wordpress")
USER, PASSWORD = "checker", "correct horse battery"
"""A subscriber, as the check of a login needs one."""

needs_wordpress = pytest.mark.skipif(
    not (SERVER and INSTALL and shutil.which("php") and any(SOURCE.glob("wp-content/themes/*"))),
    reason="WordPress is not installed: apt-get install mariadb-server-core php-cli php-mysql wordpress wordpress-theme-twentytwentyone",
)

_CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', '127.0.0.1:DBPORT');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', 'http://127.0.0.1:PORT'); define('WP_SITEURL', 'http://127.0.0.1:PORT');
define('WP_ENVIRONMENT_TYPE', 'local'); define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true); define('WP_DEBUG', false);
foreach (['AUTH_KEY','SECURE_AUTH_KEY','LOGGED_IN_KEY','NONCE_KEY','AUTH_SALT','SECURE_AUTH_SALT','LOGGED_IN_SALT','NONCE_SALT'] as $k) define($k, md5($k));
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
_INSTALL = """<?php
define('WP_INSTALLING', true);
require 'wp-load.php';
require 'wp-admin/includes/upgrade.php';
function wp_new_blog_notification() {}
wp_install('Shop', 'ADMINISTRATOR', 'admin@shop.example', true, '', 'admin password');
wp_create_user('USER', 'PASSWORD', 'checker@shop.example');
"""


ADMINISTRATOR = "admin"


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Install WordPress into `folder / "site"`, serve it on loopback and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = folder / "site"
    shutil.copytree(
        SOURCE, site, symlinks=False, ignore_dangling_symlinks=True, ignore=shutil.ignore_patterns("wp-config.php")
    )
    with mariadb(folder) as database_port:
        (site / "wp-config.php").write_text(_CONFIG.replace("DBPORT", str(database_port)).replace("PORT", str(port)))
        _php("-r", f"(new mysqli('127.0.0.1', 'root', '', '', {database_port}))->query('CREATE DATABASE wordpress');")
        (site / "install.php").write_text(
            _INSTALL.replace("ADMINISTRATOR", ADMINISTRATOR).replace("USER", USER).replace("PASSWORD", PASSWORD)
        )
        _php("install.php", folder=site)
        (site / "install.php").unlink()
        server = subprocess.Popen(
            ["php", "-S", f"127.0.0.1:{port}", "-t", str(site)],
            env=os.environ | {"PHP_CLI_SERVER_WORKERS": "4"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 30
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                assert time.monotonic() < deadline, "PHP did not start"
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/"
        finally:
            os.killpg(server.pid, 15)
            server.wait(30)


def run(folder: Path, code: str) -> str:
    """Run code of PHP within the WordPress that is served from the folder, and return what it prints."""
    return _php("-r", f"require 'wp-load.php'; require 'wp-admin/includes/plugin.php'; {code}", folder=folder / "site")


def application_password(folder: Path, user: str) -> str:
    """Make an application password of a user, as a person does on the page of the profile."""
    return run(
        folder,
        f"$user = get_user_by('login', '{user}');"
        "echo WP_Application_Passwords::create_new_application_password($user->ID, ['name' => 'upkeep'])[0];",
    )


def _php(*arguments: str, folder: Path | None = None) -> str:
    done = subprocess.run(["php", *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "rror" not in done.stdout, done.stdout + done.stderr
    return done.stdout
