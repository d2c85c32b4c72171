"""`keepfold django …`: Django's own commands, for those who work on Keepfold itself."""

from __future__ import annotations

import click

from keepfold.site import setup


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def django(words: tuple[str, ...]) -> None:
    """Run a command of Django, such as `makemigrations`, with Keepfold's settings."""
    setup.load_anyway()
    from django.core.management import execute_from_command_line  # noqa: PLC0415  needs Django

    execute_from_command_line(["keepfold django", *words])
