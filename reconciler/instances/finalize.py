"""The pass of an instance that is being deleted: its objects are deleted wave by wave, then our finalizer."""

from __future__ import annotations

from dataclasses import replace

from reconciler.instances.execute import delete_all, release
from reconciler.instances.reconciler import InstanceReconciler, Result
from reconciler.objects.accessors import Manifest, finalizers_of, namespace_of
from reconciler.objects.names import APPLYSET_PART_OF, FINALIZER
from reconciler.plan import Delete, Observation, Wait, plan_deletion, recorded, set_id
from reconciler.plan.instance import possible_inventory
from reconciler.plan.inventory import is_damaged
from reconciler.status.assess import assess
from reconciler.status.outcome import Deleting

REQUEUE_AFTER = 10.0  # seconds
UNKNOWN_MEMBERS = (
    "Its inventory was removed from the object and its contract does not compile, so its resources are "
    f"not known. Delete what is left, then remove the finalizer {FINALIZER}."
)


class FinalizeReconciler(InstanceReconciler):
    async def run(self) -> Result:
        if FINALIZER not in finalizers_of(self.instance):
            return self.released(other_finalizers(self.instance))
        if is_damaged(self.instance) and self.compiled.definition is None:
            return await self.deleting(UNKNOWN_MEMBERS, [])
        members = await self.list_members()
        step = plan_deletion(members, self.compiled.unnamed)
        if step.done:
            await release(self.client, self.instance)
            return self.released("All resources are deleted.")
        await delete_all(self.client, [one for one in step.steps if isinstance(one, Delete)])
        waits = [one.reason for one in step.steps if isinstance(one, Wait)]
        return await self.deleting(" ".join(waits) or f"Deleting {step.left} resources.", members)

    async def deleting(self, message: str, members: list[Manifest]) -> Result:
        outcome = Deleting(message, self.compiled.definition)
        result = await self.finish(Observation(self.instance, members=members), outcome)
        return replace(result, requeue_after=REQUEUE_AFTER)

    def released(self, message: str) -> Result:
        """Nothing is left to do: the object is deleted any moment, so its status is not written."""
        outcome = Deleting(message, self.compiled.definition)
        return Result(self.snapshot(assess(self.previous, Observation(self.instance), outcome)))

    async def list_members(self) -> list[Manifest]:
        """From the API server: what the cache does not hold yet must not remain."""
        inventory = recorded(self.instance)
        kinds, home = inventory.kinds, namespace_of(self.instance)
        everywhere = is_damaged(self.instance)
        if everywhere and self.compiled.definition is not None:
            kinds |= possible_inventory(self.compiled.definition).kinds
        labels = f"{APPLYSET_PART_OF}={set_id(self.instance)}"
        found: list[Manifest] = []
        for group_kind in sorted(kinds):
            resource = await self.client.kinds.find_group_kind(group_kind)
            if resource is None:
                continue
            self.context.informers.children(resource)  # so that their deletion wakes this instance
            own = {home, *inventory.namespaces} - {""}
            namespaces = sorted(own) if resource.namespaced and not everywhere else [""]
            for namespace in namespaces:
                found.extend((await self.client.list_all(resource, namespace, labels=labels))[0])
        return [member for member in found if self.bounds.may_delete(self.instance, member)]


def other_finalizers(instance: Manifest) -> str:
    names = ", ".join(sorted(finalizers_of(instance)))
    return f"Its resources are deleted; waiting for the finalizer {names}." if names else "Being deleted."
