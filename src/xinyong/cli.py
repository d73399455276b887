"""The command line ``xinyong``: one table of commands; a command's room is imported only when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from xinyong import __version__

COMMANDS: dict[str, str] = {
    "demo": "xinyong.demo.cli:demo",
    "serve": "xinyong.serve:serve",
    "stop": "xinyong.runtime.cli:stop",
    "migrate": "xinyong.migrate:migrate",
    "intake": "xinyong.intake.cli:intake",
    "worker": "xinyong.intake.queue.cli:worker",
    "watch": "xinyong.intake.ways_cli:watch",
    "pull": "xinyong.intake.ways_cli:pull",
    "silence": "xinyong.intake.rhythm.cli:silence",
    "zero": "xinyong.intake.rhythm.cli:zero",
    "duty": "xinyong.intake.rhythm.cli:duty",
    "lint": "xinyong.intake.lint.cli:lint",
    "template": "xinyong.catalogue.cli:template",
    "search": "xinyong.registry.cli:search",
    "link": "xinyong.registry.cli:link",
    "show": "xinyong.ledger.cli:show",
    "check-code": "xinyong.runtime.cli:check_code",
    "generate": "xinyong.demo.cli:generate",
    "doctor": "xinyong.doctor:doctor",
    "catalogue": "xinyong.catalogue.cli:catalogue",
    "diff": "xinyong.ledger.cli:diff",
    "status": "xinyong.ledger.cli:status",
    "effects": "xinyong.ledger.cli:effects",
    "verify-log": "xinyong.ledger.log_cli:verify_log",
    "proof": "xinyong.ledger.log_cli:proof",
    "release-rule": "xinyong.intake.release.cli:release_rule",
    "report": "xinyong.reports.cli:report",
    "opendata": "xinyong.opendata.cli:opendata",
    "department": "xinyong.accounts.cli:department",
    "user": "xinyong.accounts.cli:user",
    "registry": "xinyong.desk.cli:registry",
    "desk": "xinyong.desk.cli:desk",
    "client": "xinyong.api.cli:client",
    "cases": "xinyong.remedies.cli:cases",
    "retention": "xinyong.publicity.retention.cli:retention",
    "notices": "xinyong.notices.cli:notices",
    "feed": "xinyong.feeds.cli:feed",
    "verification": "xinyong.verification.cli:verification",
}


class LazyGroup(click.Group):
    """Knows its commands by name and loads one when asked, so that ``--help`` and small commands start fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="xinyong")
def main() -> None:
    """Xinyong (信用): public credit information platform for market entities.

    All state lives in XINYONG_HOME (default: var). Exit codes: 0 done; 1 negative answer or unexpected error; 2 wrong
    usage; 3 database not available; 4 right missing; 5 delivery refused; 130 interrupted.
    """
