"""The tables are what the models say: nobody changes a model and forgets its migration."""

from __future__ import annotations

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState


def test_every_change_of_a_model_has_its_migration():
    loader = MigrationLoader(None)
    changes = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps)).changes(graph=loader.graph)
    missing = {room: [operation.describe() for operation in made[0].operations] for room, made in changes.items()}
    assert missing == {}


def test_no_room_has_two_ends_of_its_history():
    loader = MigrationLoader(None)
    assert loader.detect_conflicts() == {}
