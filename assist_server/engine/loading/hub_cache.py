"""Models in the cache of the hub's client: the list of them, and their removal."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub import (
    CachedRepoInfo,
    CachedRevisionInfo,
    HFCacheInfo,
    constants,
    scan_cache_dir,
)
from huggingface_hub.errors import CacheNotFound
from huggingface_hub.utils import DeleteCacheStrategy  # type: ignore[attr-defined]

from assist_server.engine.loading.gguf.names import (
    choose_file,
    is_gguf_name,
    is_whole,
    quantization_of,
)
from assist_server.engine.loading.locate import HubName, is_complete
from assist_server.errors import ModelError


@dataclass(frozen=True)
class CachedModel:
    """A model in the cache, at one commit."""

    name: str
    """Value of the setting `model`."""
    size_bytes: int
    commit: str
    """Empty for a download that was not finished."""
    used_at: float
    """When a file of it was last read, in seconds since 1970; some systems note that once a day."""
    folder: Path

    @property
    def is_whole(self) -> bool:
        """Return whether it can be loaded, rather than downloaded further."""
        return bool(self.commit)


@dataclass(frozen=True)
class Removal:
    """The effect of removing a model."""

    freed_bytes: int
    strategy: DeleteCacheStrategy

    def execute(self) -> None:
        """Remove the files."""
        self.strategy.execute()


def cached_models() -> list[CachedModel]:
    """Return all models in the cache that can be loaded, or whose download can go on."""
    info = _scan()
    return [model for repo in _models_in(info) for model in _commits_of(repo, info)]


def plan_removal(name: str) -> Removal:
    """Return what removing a model would do: all its commits, or the one that the name has.

    Raises:
        ModelError: it is not in the cache.
    """
    parts, info = HubName.parse(name), _scan()
    repos = [repo for repo in _models_in(info) if repo.repo_id == parts.repository]
    commits = [each for repo in repos for each in repo.revisions if _is_meant(each, parts)]
    if not commits:
        raise ModelError(
            f"{name!r} is not in the cache; `assist-server models list` shows what is there"
        )
    alone = replace(info, repos=frozenset(repos))  # a renamed model may have the same commits
    if parts.quantization:
        ggufs = [file for each in commits for file in each.files if is_gguf_name(file.file_name)]
        chosen = choose_file({file.file_name for file in ggufs}, parts.quantization, name)
        is_only_model = {file.file_name for file in ggufs} == {chosen}
        if not is_only_model or any(_can_be_loaded(each.snapshot_path) for each in commits):
            files = [file for file in ggufs if file.file_name == chosen]
            strategy = alone.delete_files(*files)
            return Removal(strategy.expected_freed_size, strategy)
    strategy = alone.delete_revisions(*(each.commit_hash for each in commits))
    unfinished = sum(_unfinished_bytes(repo, info) for repo in repos) if strategy.repos else 0
    return Removal(strategy.expected_freed_size + unfinished, strategy)


def _scan() -> HFCacheInfo:
    try:
        return scan_cache_dir(constants.HF_HUB_CACHE)
    except CacheNotFound:
        return HFCacheInfo(0, frozenset(), frozenset(), [])


def _models_in(info: HFCacheInfo) -> list[CachedRepoInfo]:
    models = (repo for repo in info.repos if repo.repo_type == "model")
    return sorted(models, key=lambda repo: repo.repo_id)


def _is_meant(commit: CachedRevisionInfo, parts: HubName) -> bool:
    return parts.revision is None or parts.revision in {commit.commit_hash, *commit.refs}


def _commits_of(repo: CachedRepoInfo, info: HFCacheInfo) -> Iterator[CachedModel]:
    for commit in sorted(repo.revisions, key=lambda commit: commit.last_modified, reverse=True):
        yield from _models_of(repo, commit)
    unfinished_bytes = _unfinished_bytes(repo, info)
    if unfinished_bytes:
        yield CachedModel(repo.repo_id, unfinished_bytes, "", repo.last_modified, repo.repo_path)


def _models_of(repo: CachedRepoInfo, commit: CachedRevisionInfo) -> Iterator[CachedModel]:
    """Yield the model in safetensors, if there is one, and one for each quantization."""
    revisions = sorted(commit.refs) or [commit.commit_hash]
    at = "" if "main" in revisions else f"@{revisions[0]}"
    ggufs = {file for file in commit.files if is_gguf_name(file.file_name)}
    named = {}
    if _can_be_loaded(commit.snapshot_path):
        named[f"{repo.repo_id}{at}"] = commit.files - ggufs
    for file in sorted(ggufs, key=lambda file: file.file_name):
        quantization = quantization_of(file.file_name)
        if quantization and is_whole(file.file_name):
            named[f"{repo.repo_id}:{quantization}{at}"] = frozenset({file})
    for name, files in named.items():
        size_bytes = sum(file.size_on_disk for file in files)
        used_at = max(file.blob_last_accessed for file in files)
        yield CachedModel(name, size_bytes, commit.commit_hash, used_at, repo.repo_path)


def _can_be_loaded(folder: Path) -> bool:
    try:
        return is_complete(folder)
    except ModelError:  # a file in it is broken
        return False


def _unfinished_bytes(repo: CachedRepoInfo, info: HFCacheInfo) -> int:
    blobs = repo.repo_path / "blobs"
    parts = (part for part in info.incomplete_files if part.file_path.parent == blobs)
    return sum(part.size_on_disk for part in parts)
