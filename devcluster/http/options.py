"""Options in the query and body of a request, checked as a server checks them."""

from __future__ import annotations

from collections.abc import Mapping

from devcluster.machinery.errors import ApiError, Cause, bad_request, invalid
from devcluster.machinery.metadata import invalid_value, quoted, required, unsupported
from devcluster.registry.requests import DeleteOptions, WriteOptions
from devcluster.storage.memory import Manifest

MAX_MANAGER_BYTES = 128
VALIDATIONS = ["", "Ignore", "Strict", "Warn"]
KINDS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}
POLICIES = ["Foreground", "Background", "Orphan", "nil"]


def is_true(text: str) -> bool:
    return text.lower() in ("1", "true", "t")


def number(query: Mapping[str, str], key: str) -> int:
    """An integer in the query, 0 if it is absent. Raises 400."""
    text = query.get(key) or "0"
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def write_options(method: str, query: Mapping[str, str], agent: str, *, apply: bool = False) -> WriteOptions:
    """The options of a create, update, patch or apply. Raises 422 with every problem."""
    found: list[Cause] = []
    manager, force = query.get("fieldManager", ""), query.get("force")
    if apply and not manager:
        found.append(required("fieldManager", "is required for apply patch"))
    if method == "PATCH" and not apply and force is not None:
        found.append(
            Cause("FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force")
        )
    if len(manager.encode()) > MAX_MANAGER_BYTES:
        found.append(
            Cause(
                "FieldValueTooLong",
                f"Too long: may not be more than {MAX_MANAGER_BYTES} bytes",
                "fieldManager",
            )
        )
    dry_run = query.get("dryRun", "")
    if dry_run not in ("", "All"):
        message = f'Unsupported value: {quoted([dry_run])}: supported values: "All"'
        found.append(Cause("FieldValueNotSupported", message, "dryRun"))
    validation = query.get("fieldValidation", "")
    if validation not in VALIDATIONS:
        found.append(unsupported("fieldValidation", validation, VALIDATIONS))
    if found:
        raise invalid(KINDS[method], "meta.k8s.io", "", found)
    manager = manager or agent.split("/")[0].split(" ")[0][:MAX_MANAGER_BYTES] or "unknown"
    return WriteOptions(manager, validation or "Warn", dry_run == "All", is_true(force or ""))


def delete_options(query: Mapping[str, str], body: Manifest) -> DeleteOptions:
    """DeleteOptions from body and query; the body takes precedence. Raises 400 or 422."""
    if body.get("kind") not in (None, "", "DeleteOptions"):
        version = str(body.get("apiVersion", "")).rpartition("/")[2]
        name = body["kind"]
        raise bad_request(
            f'{name} in version "{version}" cannot be handled as a DeleteOptions: '
            f"converting ({version}.{name}) to (v1.DeleteOptions): unknown conversion"
        )
    policy = body.get("propagationPolicy") or query.get("propagationPolicy", "")
    orphan = body.get("orphanDependents")
    if orphan is None and "orphanDependents" in query:
        orphan = is_true(query["orphanDependents"])
    _check_policy(policy, orphan)
    if orphan is not None:
        policy = "Orphan" if orphan else "Background"
    grace = body.get("gracePeriodSeconds")
    if grace is None and "gracePeriodSeconds" in query:
        grace = number(query, "gracePeriodSeconds")
    conditions = body.get("preconditions") or {}
    dry_run = bool(body.get("dryRun")) or query.get("dryRun") == "All"
    return DeleteOptions(
        policy, grace, conditions.get("uid") or "", conditions.get("resourceVersion") or "", dry_run
    )


def _check_policy(policy: str, orphan: bool | None) -> None:
    found = []
    if policy and orphan is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        found.append(invalid_value("propagationPolicy", policy, why))
    elif policy and policy not in POLICIES:
        found.append(unsupported("propagationPolicy", policy, POLICIES))
    if found:
        raise invalid("DeleteOptions", "meta.k8s.io", "", found)


def too_new(version: str, newest: int) -> ApiError:
    """The error for a version newer than the newest one."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    message = f"Timeout: Too large resource version: {version}, current: {newest}"
    error = ApiError(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})
    error.headers["Retry-After"] = "1"
    return error


def unreadable_version(version: str) -> str:
    return (
        f'resourceVersion: Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax'
    )
