"""Decides what each path becomes: endpoints, and items with endpoints below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from sage200_async._codegen.inputs import ANYTHING, body_of
from sage200_async._codegen.names import attribute, camel, is_title, words
from sage200_async._codegen.read import VERBS, Operation, segments

if TYPE_CHECKING:
    from sage200_async._codegen.model import Models
    from sage200_async._codegen.overrides import Overrides
    from sage200_async._codegen.read import Documents

_CLASSES: Final = {
    # Verbs of the collection, verbs of the item: class, its type arguments.
    ("get", ""): ("CollectionQuery", "R"),
    ("get", "get"): ("ListGet", "RN"),
    ("get post put", "get put delete"): ("BatchUpdateResource", "RVCN"),
    ("get post", "get put delete"): ("Resource", "RVCN"),
    ("get", "get put"): ("ListGetUpdate", "RCN"),
    ("get", "get put delete"): ("ListGetUpdateDelete", "RCN"),
    ("get post", ""): ("ListCreate", "RV"),
    ("", "get"): ("Get", "RN"),
    ("", "get put"): ("GetUpdate", "RCN"),
    ("post", "put"): ("CreateUpdate", "RVC"),
    ("post", ""): ("Create", "AV"),
    ("", ""): ("Parent", "N"),
}
_SPECIAL: Final = {
    "single": ("Single", "R"),
    "below": ("ListParent", "RN"),
}
_NOT_READ: Final = {"Create", "CreateUpdate", "Parent"}
_WATERMARK: Final = "date_time_updated"


class Resource(Struct):
    """What the documents have on one resource, from all of its paths."""

    path: tuple[str, ...]
    """From the root, ids as ``{}``."""
    title: str = ""
    collection: dict[str, Operation] = field(default_factory=dict[str, Operation])
    items: dict[str, Operation] = field(default_factory=dict[str, Operation])
    bodies: dict[str, str] = field(default_factory=dict[str, str])
    """The schema that each verb of writing takes."""
    professional_only: bool = False
    kin: str = ""
    """The path that it is like, if the documents lack it."""
    below: list[Resource] = field(default_factory=list["Resource"])

    @property
    def where(self) -> str:
        """Its name in overrides and reports."""
        return "/".join(self.path)

    @property
    def reply(self) -> str | None:
        """The schema of its records: the reply to reading and updating."""
        operations = [*self.items.values(), *self.collection.values()]
        replies = [
            operation.reply for operation in operations if operation.verb != "post"
        ]
        return next((reply for reply in replies if reply is not None), None)


class Endpoint(Struct, frozen=True):
    """One endpoint, as it is rendered."""

    attribute: str
    path: str
    where: str
    doc: str
    kind: str
    """The class of the resource."""
    arguments: tuple[str, ...]
    """The class's type arguments."""
    query: str | None
    """The class of its queries, for type checkers; None where it has none."""
    model: str | None
    """The record, in the words of the documents."""
    reply: str | None
    creates_many: bool
    key: str | None
    watermark: str | None
    extra_expands: tuple[str, ...]
    parameters: tuple[str, ...]
    default_order: tuple[str, ...]
    professional_only: bool
    item: str | None
    """The class of its items, where there are resources below them."""
    below: tuple[Endpoint, ...]


def resources_of(documents: Documents, overrides: Overrides) -> list[Resource]:
    """Return the resources, each from all of its paths, nested below its parent."""
    resources: dict[tuple[str, ...], Resource] = {}
    for route in documents.routes.values():
        parts = segments(route.path)
        of_item = parts[-1] == "{}"
        resource = _resource(resources, parts[:-1] if of_item else parts)
        if not of_item or not resource.title:
            resource.title = route.title
        resource.professional_only |= route.professional_only
        resource.kin = route.kin
        for operation in route.operations:
            operations = resource.items if of_item else resource.collection
            operations[operation.verb] = operation
            body = body_of(documents, overrides, route, operation)
            if body is not None:
                resource.bodies[operation.verb] = body
    return [resource for path, resource in resources.items() if len(path) == 1]


def _resource(
    resources: dict[tuple[str, ...], Resource], path: tuple[str, ...]
) -> Resource:
    if path not in resources:
        resources[path] = Resource(path)
        if len(path) > 1:
            _resource(resources, path[:-2]).below.append(resources[path])
    return resources[path]


class Decider:
    """Decides on the endpoint of each resource."""

    def __init__(
        self, documents: Documents, models: Models, overrides: Overrides
    ) -> None:
        self._documents = documents
        self._models = models
        self._overrides = overrides
        roots = [
            route for route in documents.routes.values() if route.path.count("/") == 1
        ]
        titles = [route.title.lower() for route in roots]
        self._shared = {title for title in titles if titles.count(title) > 1}

    def endpoint(self, resource: Resource) -> Endpoint:
        """Decide on the endpoint of *resource*, and on those below it."""
        kind, codes = self._kind(resource)
        name, post = resource.path[-1], resource.collection.get("post")
        model, reply = self._model(resource)
        own = camel("_".join(_names(resource.path)))
        item = f"{own}Item" if resource.below else None
        is_read = kind not in _NOT_READ and model is not None
        extra_expands, parameters, default_order = (
            self._overrides.names(table, resource.where)
            for table in ("extra_expands", "parameters", "default_order")
        )
        return Endpoint(
            self._attribute(resource),
            name,
            resource.where,
            self._doc(resource),
            kind,
            self._arguments(resource, codes, item),
            f"{own}Query" if is_read else None,
            model,
            reply,
            self._creates_many(resource, post),
            self._key(resource),
            self._watermark(resource),
            extra_expands,
            parameters,
            default_order,
            resource.professional_only,
            item,
            tuple(self.endpoint(inner) for inner in resource.below),
        )

    def _kind(self, resource: Resource) -> tuple[str, str]:
        verbs = (" ".join(resource.collection), " ".join(resource.items))
        kind = _CLASSES[verbs]
        if verbs == ("", ""):
            self._documents.report("parent without operations", resource.where, kind[0])
        if verbs == ("get", "") and not resource.collection["get"].many:
            self._documents.report("one object without an id", resource.where)
            kind = _SPECIAL["single"]
        elif verbs == ("get", "") and resource.below:
            kind = _SPECIAL["below"]
            self._documents.report("items that are not read", resource.where, kind[0])
        return kind

    def _creates_many(self, resource: Resource, post: Operation | None) -> bool:
        if post is None or not post.many:
            return False
        self._documents.report("create that answers with several", resource.where)
        return True

    def _model(self, resource: Resource) -> tuple[str | None, str | None]:
        """Return the record, and what writes are answered with where it differs."""
        post = resource.collection.get("post")
        reply = None if post is None else post.reply
        body = resource.bodies.get("post")
        if body is not None and reply != body:
            note = f"takes {body}, answers with {reply}"
            self._documents.report("reply unlike the body", resource.where, note)
        model = resource.reply or body or reply
        if model is not None and not self._models.records[model].fields:
            model = None
        return model, None if reply == model else reply

    def _arguments(
        self, resource: Resource, codes: str, item: str | None
    ) -> tuple[str, ...]:
        post = resource.collection.get("post")
        created = _class(resource.reply if post is None else post.reply)
        if post is not None and post.many:
            created = f"list[{created}]"
        arguments = {
            "R": _class(resource.reply),
            "A": created,
            "V": _class(resource.bodies.get("post"), "Input"),
            "C": _class(resource.bodies.get("put"), "Changes"),
            "N": item or "",
        }
        return tuple(arguments[code] for code in codes if arguments[code])

    def _key(self, resource: Resource) -> str | None:
        """Return the unique ascending key of a listing, or None."""
        if not self._listed(resource) or resource.reply is None:
            return None
        id_field = self._models.records[resource.reply].field("id")
        default = "id" if id_field and id_field.kind == "integer" else None
        key = self._overrides.name("key", resource.where, default)
        if key is None:
            note = resource.reply
            self._documents.report("list without a key", resource.where, note)
        return self._field(resource, key)

    def _watermark(self, resource: Resource) -> str | None:
        if not self._listed(resource) or resource.reply is None:
            return None
        stamped = self._models.records[resource.reply].field(_WATERMARK)
        default = _WATERMARK if stamped else None
        return self._field(
            resource, self._overrides.name("watermark", resource.where, default)
        )

    def _field(self, resource: Resource, name: str | None) -> str | None:
        record = self._models.records[str(resource.reply)]
        if name is not None and record.field(name) is None:
            raise ValueError(f"{resource.where}: {record.name} has no {name!r}")
        return name

    @staticmethod
    def _listed(resource: Resource) -> bool:
        read = resource.collection.get("get")
        return read is not None and read.many

    def _attribute(self, resource: Resource) -> str:
        name = resource.path[-1]
        renamed = self._overrides.name("attribute", resource.where, attribute(name))
        if renamed != name:
            self._documents.report("name clash", resource.where, f"{renamed} instead")
        return str(renamed)

    def _doc(self, resource: Resource) -> str:
        title = resource.title
        if not is_title(title) or title.lower() in self._shared:
            title = words(resource.path[-1])
            if resource.title:
                note = f"{resource.title!r}: {title!r} instead"
                self._documents.report("title that is no name", resource.where, note)
        can = ", ".join(_verbs(resource)) or "only what is below"
        only = " Professional only." * resource.professional_only
        kin = f" Not in the documents: as `{resource.kin}`, by inference."
        return f"{title}: {can}.{only}{kin * bool(resource.kin)}"


def _verbs(resource: Resource) -> list[str]:
    at_collection = {"get": "list", "post": "create", "put": "update many"}
    if "get" in resource.collection and not resource.collection["get"].many:
        at_collection["get"] = "get"
    at_item = {"get": "get", "put": "update", "delete": "delete"}
    verbs = [at_collection[verb] for verb in VERBS if verb in resource.collection]
    return verbs + [at_item[verb] for verb in VERBS if verb in resource.items]


def _names(path: tuple[str, ...]) -> list[str]:
    return [part for part in path if part != "{}"]


def _class(name: str | None, suffix: str = "") -> str:
    return ANYTHING if name is None else f"{camel(name)}{suffix}"
