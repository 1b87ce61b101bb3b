"""What keeps the bridge running: a hardened systemd unit, or lines for Windows' task scheduler."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path, PurePath

from bridge.errors import ConfigurationError

__all__ = ["for_this_machine", "systemd_unit", "windows_task"]

_OWN_FOLDER_DEPTH = 3
"""Parts of a path that is not one of the system's own folders: `/`, `opt`, `cad-bridge`."""


def for_this_machine(config: Path) -> str:
    """Return the text for the system that this runs on; `config` is the configuration file.

    Raises:
        ConfigurationError: its folder holds other things too, and would be given to the service.
    """
    config = config.absolute()
    folder = config.parent
    if folder == Path.home() or len(folder.parts) < _OWN_FOLDER_DEPTH:
        raise ConfigurationError(
            "--service",
            f"{folder} is no folder for the bridge alone",
            f"move {config.name} into one, such as {Path(folder.anchor) / 'opt' / 'cad-bridge'}",
        )
    if sys.platform == "win32":
        return windows_task(config, sys.executable)
    return systemd_unit(config, sys.executable)


def systemd_unit(config: PurePath, python: str) -> str:
    """Return a unit that may write to the configuration's folder and to nothing else.

    systemd has its own quoting: a percent sign is doubled, spaces are quoted.
    """
    folder = str(config.parent)
    at_home = folder.startswith(("/home/", "/root")) or python.startswith(("/home/", "/root"))
    typed = shlex.quote(folder)
    owned = f"{typed}/cad-bridge.*"  # the journal too, if there is one
    if not config.match("cad-bridge.*"):
        owned += f" {shlex.quote(str(config))}"
    command = " ".join(map(_quoted, (python, "-m", "bridge", "run", "--config", str(config))))
    return f"""\
# Save as /etc/systemd/system/cad-bridge.service, then, as root or with sudo:
#   useradd --system --home-dir {typed} --shell /usr/sbin/nologin cad-bridge
#   chown cad-bridge: {typed} {owned}
#   systemctl daemon-reload
#   systemctl enable --now cad-bridge
#   journalctl -u cad-bridge -f
[Unit]
Description=cad-bridge: 911 alerts from the CAD to the game servers
Wants=network-online.target
After=network-online.target

[Service]
User=cad-bridge
WorkingDirectory={folder.replace("%", "%%")}
ExecStart={command}
Restart=always
RestartSec=2
# 2: wrong configuration; starting again would not mend it
RestartPreventExitStatus=2
TimeoutStopSec=30
UMask=0077
ReadWritePaths={_quoted(folder)}
ProtectSystem=strict
ProtectHome={"read-only" if at_home else "yes"}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
NoNewPrivileges=yes
CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""


def windows_task(config: PurePath, python: str) -> str:
    """Return the PowerShell lines that register a task and start it: at each start of the machine,
    without a window, for ever.

    `schtasks` alone cannot lift the limit of 72 hours that Windows sets a task.
    """
    log = config.with_name("cad-bridge.log")
    words = {
        "python": python,
        "arguments": f'-m bridge run --config "{config}" --log-file "{log}"',
        "folder": str(config.parent),
    }
    quoted = {name: "'" + word.replace("'", "''") + "'" for name, word in words.items()}
    action = (
        f"New-ScheduledTaskAction -Execute {quoted['python']} "
        f"-Argument {quoted['arguments']} -WorkingDirectory {quoted['folder']}"
    )
    limits = (
        "New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -RestartCount 999 "
        "-RestartInterval (New-TimeSpan -Minutes 1) -AllowStartIfOnBatteries "
        "-DontStopIfGoingOnBatteries -MultipleInstances IgnoreNew"
    )
    return f"""\
# Paste these two lines into a PowerShell that was started as administrator:
Register-ScheduledTask -TaskName 'cad-bridge' -Action ({action}) \
-Trigger (New-ScheduledTaskTrigger -AtStartup) -Settings ({limits}) \
-Principal (New-ScheduledTaskPrincipal -UserId "$env:USERDOMAIN\\$env:USERNAME" -LogonType S4U)
Start-ScheduledTask -TaskName 'cad-bridge'
# To end it:              Stop-ScheduledTask -TaskName 'cad-bridge'
# What it says:           {log}
"""


def _quoted(word: str) -> str:
    word = word.replace("%", "%%")
    return f'"{word}"' if " " in word else word
