"""Where a setting comes from, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from foundation.database import BadDatabaseURL, NotInitialised, engine_of, open_store
from foundation.settings import BadSettings, read_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An association's folder, named by the environment, which names nothing else."""
    for name in ("NAME", "LANG", "LAB", "LISTEN", "DATABASE_URL", "KEY_FILE", "DRIVER", "PUBLIC_URL", "SSH_KEY_FILE"):
        monkeypatch.delenv(f"ESSAIM_{name}", raising=False)
    monkeypatch.setenv("ESSAIM_VAR", str(tmp_path))
    return tmp_path


def test_what_nobody_says_has_a_default(folder: Path) -> None:
    read = read_settings()
    assert (read.var, read.name, read.lab, read.url) == (folder, "Essaim", False, "http://127.0.0.1:8642")
    assert read.database == f"sqlite:///{folder}/essaim.sqlite"
    assert read.vault_key == folder / "vault.key"


def test_the_file_goes_before_the_default(folder: Path) -> None:
    (folder / "essaim.toml").write_text('name = "Les Abeilles"\nlab = true\n')
    assert read_settings().name == "Les Abeilles"
    assert read_settings().means().lab_socket == folder / "lab" / "keeper.sock"


def test_the_environment_goes_before_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "essaim.toml").write_text('name = "Les Abeilles"\n')
    monkeypatch.setenv("ESSAIM_NAME", "La Ruche")
    assert read_settings().name == "La Ruche"


def test_an_empty_variable_says_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESSAIM_VAR", "")
    monkeypatch.setenv("ESSAIM_LANG", "")
    assert read_settings().var == Path("var")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('lab = "peut-être"\n', "ESSAIM_LAB"),
        ('driver = "magic"\n', "ESSAIM_DRIVER"),
        ("name = \n", "essaim.toml"),
        ("name = 'Ruche\n", "essaim.toml"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(folder: Path, text: str, names: str) -> None:
    (folder / "essaim.toml").write_text(text)
    with pytest.raises(BadSettings) as refused:
        read_settings()
    assert names in refused.value.sentence("fr")
    assert "\n" not in refused.value.sentence("fr")


def test_a_file_that_is_not_text_is_refused(folder: Path) -> None:
    (folder / "essaim.toml").write_bytes(b"name = '\xff\xfe'\n")
    with pytest.raises(BadSettings):
        read_settings()


def test_what_is_not_known_is_left_for_later_versions(folder: Path) -> None:
    (folder / "essaim.toml").write_text('colour = "honey"\n')
    assert read_settings().name == "Essaim"


def test_two_associations_live_side_by_side(tmp_path: Path, folder: Path) -> None:
    for name in ("ruche", "essaim"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "essaim.toml").write_text(f'name = "{name}"\n')
    ruche, essaim = (read_settings(var=tmp_path / name) for name in ("ruche", "essaim"))
    assert (ruche.name, essaim.name) == ("ruche", "essaim")
    assert not {ruche.database, ruche.vault_key, ruche.samples} & {essaim.database, essaim.vault_key, essaim.samples}


def test_settings_cannot_change_under_way(folder: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings().name = "autre"  # type: ignore[misc]


def test_an_empty_folder_holds_no_association(folder: Path) -> None:
    with pytest.raises(NotInitialised):
        open_store(read_settings())
    assert not list(folder.iterdir())


@pytest.mark.parametrize("url", ["zzz", "mysql://u:hunter2@host.example/x", "postgresql://u:hunter2@h.example:port/x"])
def test_a_database_that_is_neither_of_the_two_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(BadDatabaseURL) as refused:
        engine_of(url)
    assert "hunter2" not in refused.value.sentence("fr")
