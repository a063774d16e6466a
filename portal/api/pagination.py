"""Pagination of the API's lists."""

from __future__ import annotations

import re

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pagination(PageNumberPagination):
    page_size_query_param = "page_size"
    page_size_query_description = "Results per page; default 50, maximum 500."
    max_page_size = 500
    invalid_page_message = "Page {page_number} not found."

    def get_page_size(self, request: Request) -> int | None:
        wanted = request.query_params.get("page_size", "")
        if wanted and not re.fullmatch("[1-9][0-9]{0,5}", wanted):
            raise ValidationError({"page_size": f"Enter an integer from 1 to {self.max_page_size}."})
        return super().get_page_size(request)
