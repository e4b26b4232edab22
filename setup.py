"""The compiled core, one extension module for each .pyx; all else about the package is in pyproject.toml.

OCPP_FAST_BUILD_EXT=yes: a build that fails is an error. OCPP_FAST_BUILD_EXT=no: nothing is compiled.
Unset: what cannot be compiled is left out with a warning, and the package runs on its pure-Python core.
"""

import os
import sys
from glob import glob
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

DIRECTIVES = {"auto_pickle": False}
FALLBACK = """
********************************************************************************
The compiled core of ocpp_fast could not be built; the reason stands above.
The package is installed with its pure-Python core: it does the same, only slower.
It needs a C compiler and Python's headers (python3-dev, python3-devel).
OCPP_FAST_BUILD_EXT=yes makes this an error, OCPP_FAST_BUILD_EXT=no is silent.
********************************************************************************"""


class BuildExt(build_ext):
    """Builds all extensions at once; without one of them the package has none, and says in plain words what that means.

    A wheel is then tagged as what it is, py3-none-any: no cache serves it where a compiled one could be built.
    """

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def run(self) -> None:
        super().run()
        built = [Path(self.get_ext_fullpath(extension.name)) for extension in self.extensions]
        if all(path.exists() for path in built):
            return
        self.warn(FALLBACK)
        for path in built:
            path.unlink(missing_ok=True)
        self.extensions = self.distribution.ext_modules = []
        wheel = self.distribution.command_obj.get("bdist_wheel")
        if wheel is not None:
            wheel.root_is_pure = True


def extensions(wanted: str) -> list[Extension]:
    """The extensions to build, by the value of OCPP_FAST_BUILD_EXT."""
    if wanted not in ("", "yes", "no"):
        raise SystemExit(f"OCPP_FAST_BUILD_EXT must be yes, no or unset, not {wanted!r}")
    if wanted == "no":
        return []
    optimise = [] if sys.platform == "win32" else ["-O3"]
    if optimise and "CFLAGS" not in os.environ:
        optimise.append("-g0")  # Python's own flags ask for debug symbols: a quarter of the time, seven times the size
    found = [
        Extension(
            path.removesuffix(".pyx").replace(os.sep, "."),
            [path],
            depends=glob("ocpp_fast_ext/*.h"),
            extra_compile_args=optimise,
        )
        for path in sorted(glob("ocpp_fast_ext/*.pyx"))
    ]
    built: list[Extension] = cythonize(found, language_level=3, compiler_directives=DIRECTIVES)
    for extension in built:
        extension.optional = wanted != "yes"  # set here, because cythonize() makes new Extensions without it
    return built


setup(
    ext_modules=extensions(os.environ.get("OCPP_FAST_BUILD_EXT", "")),
    cmdclass={"build_ext": BuildExt},
)
