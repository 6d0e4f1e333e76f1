"""The documentation, built by ``make docs`` without a warning and without the network."""

import concur

project = "concur"
author = "the concur authors"
copyright = author  # noqa: A001 (Sphinx reads this name)
release = version = "0.1.0"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "concur.sphinxext",
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_typehints_format = "short"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

nitpick_ignore_regex = [
    # Types of the standard library are not linked: that would need the network.
    ("py:.*", r"(collections|concurrent|contextlib|enum|os|pathlib|pickle|queue|threading|types|typing)\..*"),
    # Type variables have no entry.
    ("py:class", r"concur\..*\.[A-Z]"),
    # What the pytest plugin hands to explore() in place of a function; not for users.
    ("py:class", r"concur\.check\.scenario\.Scenario"),
]

html_theme = "furo"
html_title = "concur"

assert concur.__all__, "the docs describe the package of this checkout"
