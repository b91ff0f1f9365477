"""The page: one HTML document that shows calls, self-contained, with everything from the wire as inert JSON.

``page_call`` makes the data of one call and ``document`` puts the page together. The script and the style are plain
files of ``assets/``: there is no build step.
"""

from apispy.outputs.page.document import POLICY, document
from apispy.outputs.page.page_call import PageCall, number, page_call

__all__ = ["POLICY", "PageCall", "document", "number", "page_call"]
