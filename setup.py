"""Makes what pyproject.toml cannot describe: the package's description and its compiled kernels.

The description is the README with links that work outside the repository. The kernels are optional:
without a C++ compiler everything else is installed, and the wheel fits every system.
"""

from __future__ import annotations

import re
import runpy
import sys
import tomllib
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
KERNELS = runpy.run_path(str(ROOT / "genart" / "kernels" / "build.py"))
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|mailto:|#)([^)]+)\)")


def description(readme: str, source: str) -> str:
    """The README with absolute links.

    Args:
        readme: Markdown with links relative to the repository.
        source: the address of the repository; "" if there is none. Then the text of a relative link
            stays without the link, and a relative image is left out.
    """

    def absolute(match: re.Match[str]) -> str:
        image, text, target = match.groups()
        if not source:
            return "" if image else text
        return f"{image}[{text}]({source}/{'raw' if image else 'blob'}/HEAD/{target})"

    return re.sub(r"\n{3,}", "\n\n", _LINK.sub(absolute, readme))


class BuildKernels(build_ext):
    """Builds the library of kernels, which Python loads by ctypes."""

    def get_ext_filename(self, fullname: str) -> str:
        """The library's name has no Python version in it."""
        return str(Path(*fullname.split(".")[:-1], KERNELS["file_name"]()))

    def build_extension(self, ext: Extension) -> None:
        """Compile the library; without it the installation is complete but slower."""
        made = Path(self.get_ext_fullpath(ext.name))
        try:
            KERNELS["build"](made.parent)
        except KERNELS["BuildError"] as error:
            print(f"genart is installed without compiled kernels. {error}", file=sys.stderr)
            return
        for old in KERNELS["others"](made):
            old.unlink(missing_ok=True)


class TaggedWheel(bdist_wheel):
    """A wheel for every version of Python; for every system too where it has no library."""

    def get_tag(self) -> tuple[str, str, str]:
        """What pip compares with the system that it installs on."""
        library = self.get_finalized_command("build_ext").get_outputs()
        built = any(Path(path).is_file() for path in library)
        return "py3", "none", super().get_tag()[2] if built else "any"


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    setup(
        long_description=description(readme, project.get("urls", {}).get("Source", "")),
        long_description_content_type="text/markdown",
        ext_modules=[Extension("genart.kernels.library", [], optional=True)],
        cmdclass={"build_ext": BuildKernels, "bdist_wheel": TaggedWheel},
    )
