"""The pass of an instance that is being deleted: its objects go wave by wave, then our finalizer."""

from __future__ import annotations

from reconciler.cache.informers import SharedInformers
from reconciler.instances.execute import delete_all, release
from reconciler.instances.reconciler import InstanceReconciler, Result
from reconciler.kinds.compiled import CompiledContract
from reconciler.kube import Client
from reconciler.objects.accessors import Manifest, finalizers_of, namespace_of
from reconciler.objects.names import APPLYSET_PART_OF, FINALIZER
from reconciler.plan import Delete, plan_deletion, recorded, set_id
from reconciler.plan.instance import possible
from reconciler.plan.inventory import is_damaged
from reconciler.status.conditions import Outcome
from reconciler.status.snapshot import Key, Snapshot
from reconciler.status.summary import Summary, deleting_nodes, resource_lines


class FinalizeReconciler(InstanceReconciler):
    def __init__(
        self,
        client: Client,
        informers: SharedInformers,
        compiled: CompiledContract,
        key: Key,
        instance: Manifest,
    ) -> None:
        super().__init__(client, compiled, key, instance)
        self.informers = informers

    async def run(self) -> Result:
        if FINALIZER not in finalizers_of(self.instance):
            text = "Slipway is done with it. " + others_finalizers(self.instance)
            return await self.deleting(text, [], write=False)
        if is_damaged(self.instance) and self.compiled.definition is None:
            text = (
                "Its inventory was removed from the object and its contract cannot be read, so nobody knows "
                f"what belongs to it. Remove what is left and then the finalizer {FINALIZER} by hand."
            )
            return await self.deleting(text, [], write=True)
        members = await self.listed_members()
        step = plan_deletion(members)
        if step.done:
            await release(self.client, self.instance)
            return await self.deleting("Everything is gone.", [], write=False)
        await delete_all(self.client, [one for one in step.steps if isinstance(one, Delete)])
        display_name = [one.reason for one in step.steps if not isinstance(one, Delete)]
        text = " ".join(display_name) or f"{step.left} resources are being removed."
        return await self.deleting(text, members, write=True)

    async def deleting(self, text: str, members: list[Manifest], *, write: bool) -> Result:
        lines = resource_lines([], {}, members, {}, {})
        definition = self.compiled.definition
        nodes = deleting_nodes(definition, lines) if definition else []
        summary = Summary("deleting", "Deleting", text, tuple(nodes), tuple(lines))
        outcome = Outcome(deleting=text)
        if not write:
            snapshot = Snapshot(self.key, self.compiled.published.contract, self.compiled.published.revision,
                                self.instance, summary=summary)  # fmt: skip
            return Result(snapshot)
        return await self.finish(outcome, None, summary, requeue_after=10.0)

    async def listed_members(self) -> list[Manifest]:
        """Straight from the API server: what a cache does not show yet must not stay behind."""
        inventory = recorded(self.instance)
        kinds, home = inventory.kinds, namespace_of(self.instance)
        everywhere = is_damaged(self.instance)
        if everywhere and self.compiled.definition is not None:
            kinds |= possible(self.compiled.definition).kinds
        labels = f"{APPLYSET_PART_OF}={set_id(self.instance)}"
        found: list[Manifest] = []
        for group_kind in sorted(kinds):
            resource = await self.client.kinds.find_group_kind(group_kind)
            if resource is None:
                continue
            self.informers.children(resource)  # so that its disappearance wakes us
            own = {home, *inventory.namespaces} - {""}
            places = sorted(own) if resource.namespaced and not everywhere else [""]
            for place in places:
                found.extend((await self.client.list_all(resource, place, labels=labels))[0])
        return found


def others_finalizers(instance: Manifest) -> str:
    names = ", ".join(sorted(finalizers_of(instance)))
    return f"It waits for the finalizer {names}." if names else "It is being removed."
