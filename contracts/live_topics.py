"""The live topics ``contracts`` and ``contract.<pk>``; who may read a contract is ``visible_to``."""

from __future__ import annotations

from django.db.models import Count, Max

from contracts.models import Contract
from portal.accounts.models import User


class ContractTopic:
    def may_listen(self, user: User, argument: str) -> bool:
        return argument.isdecimal() and Contract.objects.visible_to(user).filter(pk=int(argument)).exists()

    def version(self, user: User, argument: str) -> str:
        moment = Contract.objects.filter(pk=int(argument)).values_list("updated_at", flat=True).first()
        return moment.isoformat() if moment else ""


class ContractsTopic:
    """``contracts``: the list. A user notices only changes of contracts that they may see."""

    def may_listen(self, user: User, argument: str) -> bool:
        return user.is_authenticated and not argument

    def version(self, user: User, argument: str) -> str:
        newest = Contract.objects.visible_to(user).aggregate(at=Max("updated_at"), number=Count("pk"))
        return f"{newest['number']}-{newest['at'].isoformat() if newest['at'] else ''}"
