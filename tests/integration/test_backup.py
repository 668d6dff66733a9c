"""One file that brings the association back, and nothing else: cut, altered or hostile, it is refused whole."""

from __future__ import annotations

import io
import os
import random
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desk import association, backup
from desk.association import FolderTaken
from desk.backup import CannotWrite, KeyNeeded, NoSuchBackup, NotABackup, NotEmbedded
from foundation import journal
from foundation.acts import Act
from foundation.clock import now
from foundation.database import Store, open_store, reading, transaction
from foundation.errors import EssaimError
from foundation.settings import Settings, read_settings
from foundation.vault import KeyMissing, Vault, WrongKey
from inventory import devices, members, places

SECRET = "canari-9e41"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in [name for name in os.environ if name.startswith("ESSAIM_")]:
        monkeypatch.delenv(name)
    return read_settings(var=tmp_path / "var")


@pytest.fixture
def there(tmp_path: Path, here: Settings) -> Settings:
    """Where it is brought back."""
    return read_settings(var=tmp_path / "elsewhere" / "var")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an association of one member and one secret, made once: tests copy it."""
    folder = tmp_path_factory.mktemp("made") / "var"
    store = association.create(read_settings(var=folder, database_url=""))
    (folder / "essaim.toml").write_text('name = "Les Abeilles"\n')
    with transaction(store) as session:
        act = Act("machine:test", now())
        members.add_member(session, act, "Ada Exemple")
        site = places.add_site(session, act, "cave")
        device = devices.add_device(session, act, "vpn", role="vpn", platform="debian", site=site)
        devices.set_secret(session, act, device, "wireguard", SECRET)
    store.engine.dispose()
    return folder


@pytest.fixture
def opened(here: Settings, made: Path) -> Iterator[Store]:
    """An association of one member and one secret."""
    shutil.copytree(made, here.var)
    store = open_store(here)
    yield store
    store.engine.dispose()


@pytest.fixture
def file(opened: Store, here: Settings, tmp_path: Path) -> Path:
    """Its backup."""
    backup.backup(opened, here, tmp_path / "essaim.tar")
    return tmp_path / "essaim.tar"


def refused(there: Settings, file: Path, key: Path | None, *kinds: type[EssaimError]) -> EssaimError:
    """The restore is refused in one sentence, and leaves nothing."""
    with pytest.raises(kinds) as said:
        backup.restore(there, file, key)
    assert not there.var.exists()
    assert not there.var.parent.exists() or not list(there.var.parent.iterdir())
    assert "\n" not in said.value.sentence("fr")
    return said.value


def test_an_association_comes_back_as_it_was(file: Path, here: Settings, there: Settings, opened: Store) -> None:
    with reading(opened) as session:
        before = journal.verify(session)
    assert backup.restore(there, file, here.vault_key) == before[0]
    store = open_store(there)
    with reading(store) as session:
        assert journal.verify(session) == before
        assert [one.name for one in members.list_members(session)] == ["Ada Exemple"]
        assert devices.secret_of(session, devices.find_device(session, "vpn"), "wireguard") == SECRET
    store.engine.dispose()
    for name in ("essaim.toml", "vault.key", "ssh/id_ed25519", "ssh/id_ed25519.pub"):
        assert (there.var / name).read_bytes() == (here.var / name).read_bytes()


def test_the_association_s_own_templates_come_back_and_nothing_beside_them(
    opened: Store, here: Settings, there: Settings, tmp_path: Path
) -> None:
    own = here.var / "templates" / "wireguard" / "debian.j2"
    own.parent.mkdir(parents=True)
    own.write_text("# theirs\n")
    (own.parent / "notes.txt").write_text("x")
    backup.backup(opened, here, tmp_path / "essaim.tar")
    backup.restore(there, tmp_path / "essaim.tar", here.vault_key)
    found = [path for path in (there.var / "templates").rglob("*") if path.is_file()]
    assert [path.relative_to(there.var).as_posix() for path in found] == ["templates/wireguard/debian.j2"]
    assert found[0].read_text() == "# theirs\n"
    assert not backup.TEMPLATE.fullmatch("templates/../essaim.j2")
    assert not backup.TEMPLATE.fullmatch("templates//etc/x.j2")


def test_what_comes_back_is_its_owners_alone(file: Path, here: Settings, there: Settings) -> None:
    backup.restore(there, file, here.vault_key)
    for path in [there.var, *there.var.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_backup_without_its_key_gives_no_secret_away(file: Path, here: Settings) -> None:
    content = file.read_bytes()
    for secret in (SECRET.encode(), here.vault_key.read_bytes().strip(), b"OPENSSH PRIVATE KEY"):
        assert secret not in content


def test_a_backup_is_made_while_someone_writes(opened: Store, here: Settings, there: Settings, tmp_path: Path) -> None:
    with transaction(opened) as session:
        members.add_member(session, Act("machine:test", now()), "Béa Exemple")
        session.flush()
        backup.backup(opened, here, tmp_path / "essaim.tar")
    backup.restore(there, tmp_path / "essaim.tar", here.vault_key)
    store = open_store(there)
    with reading(store) as session:
        assert len(members.list_members(session)) == 1
    store.engine.dispose()


def test_a_former_backup_is_replaced_whole(file: Path, opened: Store, here: Settings, there: Settings) -> None:
    with transaction(opened) as session:
        members.add_member(session, Act("machine:test", now()), "Béa Exemple")
    backup.backup(opened, here, file)
    assert backup.restore(there, file, here.vault_key) == 5


@pytest.mark.parametrize("where", ["absent/essaim.tar", "folder"])
def test_a_backup_that_cannot_be_written_leaves_nothing(
    opened: Store, here: Settings, tmp_path: Path, where: str
) -> None:
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CannotWrite):
        backup.backup(opened, here, tmp_path / where)
    assert [one for one in sorted(tmp_path.rglob("*")) if "sqlite" not in one.name] == [
        one for one in before if "sqlite" not in one.name
    ]


def test_a_restore_never_goes_over_an_association(file: Path, here: Settings) -> None:
    before = here.vault_key.read_bytes()
    with pytest.raises(FolderTaken):
        backup.restore(here, file, here.vault_key)
    assert here.vault_key.read_bytes() == before


def test_the_key_is_asked_for(file: Path, here: Settings, there: Settings, tmp_path: Path) -> None:
    refused(there, file, None, KeyNeeded)
    refused(there, file, tmp_path / "absent.key", KeyMissing)
    Vault.create(tmp_path / "other.key")
    refused(there, file, tmp_path / "other.key", WrongKey)


def test_an_association_in_postgresql_has_its_own_way(
    file: Path, here: Settings, there: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ESSAIM_DATABASE_URL", f"sqlite:///{tmp_path}/named.sqlite")
    refused(read_settings(var=there.var), file, here.vault_key, NotEmbedded)


def test_a_file_cut_short_anywhere_is_refused(file: Path, here: Settings, there: Settings) -> None:
    whole = file.read_bytes()
    with tarfile.open(file) as tar:
        ends = [entry.offset_data + entry.size for entry in tar.getmembers()]
    for length in {0, 1, 511, 512, 600, len(whole) // 2, *ends[:-1], ends[-1] - 1}:
        file.write_bytes(whole[:length])
        refused(there, file, here.vault_key, NotABackup)


def test_a_file_that_rotted_anywhere_is_refused(file: Path, here: Settings, there: Settings) -> None:
    whole = file.read_bytes()
    with tarfile.open(file) as tar:
        entries = [(entry.offset, entry.offset_data, entry.size) for entry in tar.getmembers()]
    draw = random.Random(2026)
    places = [draw.randrange(start + size) for _, start, size in entries]
    places += [offset + place for offset, _, _ in entries for place in (0, 101, 130, 156, 157, 257)]
    places += [draw.randrange(start, start + size) for _, start, size in entries for _ in range(3)]
    for place in places:
        rotten = bytearray(whole)
        rotten[place] ^= 1 << draw.randrange(8)
        file.write_bytes(rotten)
        try:
            backup.restore(there, file, here.vault_key)
        except (NotABackup, WrongKey):
            assert not there.var.exists()
            continue
        # Owner, date and the like of a tar header mean nothing to us: then what came back is what was.
        assert any(offset <= place < start for offset, start, _ in entries)
        assert (there.var / "essaim.toml").read_text() == 'name = "Les Abeilles"\n'
        os.rename(there.var, file.with_name(f"came-back-{place}"))  # noqa: PTH104 - out of the way


Recipe = Callable[[tarfile.TarFile], None]


def entry(name: str, content: bytes = b"x", **more: object) -> Recipe:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        for key, value in more.items():
            setattr(info, key, value)
        tar.addfile(info, io.BytesIO(content))

    return add


HOSTILE: dict[str, Recipe] = {
    "out of the folder": entry("../escaped"),
    "from the root": entry("/tmp/escaped"),
    "a dot before": entry("./essaim.sqlite"),
    "into the ssh folder": entry("ssh/authorized_keys"),
    "the key itself": entry("vault.key"),
    "a link to a file of ours": entry("ssh/known_hosts", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a hard link": entry("ssh/known_hosts", b"", type=tarfile.LNKTYPE, linkname="essaim.sqlite"),
    "a link to nowhere": entry("ssh/known_hosts", b"", type=tarfile.LNKTYPE, linkname="nowhere"),
    "a folder": entry("essaim.toml", b"", type=tarfile.DIRTYPE),
    "a device": entry("essaim.toml", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
    "a pipe": entry("essaim.toml", b"", type=tarfile.FIFOTYPE),
    "another file of settings": entry("essaim.toml", b'database_url = "sqlite:////tmp/stolen"\n'),
    "twice the same": entry("essaim.sqlite", b"SQLite format 3\0"),
}


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_a_hostile_file_is_refused_and_leaves_nothing(
    file: Path, here: Settings, there: Settings, what: str, tmp_path: Path
) -> None:
    with tarfile.open(file, "a") as tar:
        HOSTILE[what](tar)
    refused(there, file, here.vault_key, NotABackup)
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "elsewhere" / "escaped").exists()


@pytest.mark.parametrize("content", [b"", b"\0" * 10_240, b"PK\x03\x04", b"SQLite format 3\0", os.urandom(5000)])
def test_a_file_of_something_else_is_refused(
    here: Settings, opened: Store, there: Settings, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "foreign").write_bytes(content)
    refused(there, tmp_path / "foreign", here.vault_key, NotABackup)


def test_a_file_that_is_not_there_is_refused(here: Settings, opened: Store, there: Settings, tmp_path: Path) -> None:
    refused(there, tmp_path / "absent.tar", here.vault_key, NoSuchBackup)
    refused(there, tmp_path, here.vault_key, NotABackup)
