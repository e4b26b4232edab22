"""Strings by their greatest length: `Str20` is a string of at most 20 code points (R22).

There is no `__all__`: each length is written once, and `ocpp_fast.schema` passes all of them on.
"""

from typing import Annotated, TypeAlias

from .constraints import MaxLength

Str3: TypeAlias = Annotated[str, MaxLength(3)]
Str6: TypeAlias = Annotated[str, MaxLength(6)]
Str8: TypeAlias = Annotated[str, MaxLength(8)]
Str16: TypeAlias = Annotated[str, MaxLength(16)]
Str20: TypeAlias = Annotated[str, MaxLength(20)]
Str25: TypeAlias = Annotated[str, MaxLength(25)]
Str32: TypeAlias = Annotated[str, MaxLength(32)]
Str36: TypeAlias = Annotated[str, MaxLength(36)]
Str40: TypeAlias = Annotated[str, MaxLength(40)]
Str48: TypeAlias = Annotated[str, MaxLength(48)]
Str50: TypeAlias = Annotated[str, MaxLength(50)]
Str60: TypeAlias = Annotated[str, MaxLength(60)]
Str64: TypeAlias = Annotated[str, MaxLength(64)]
Str80: TypeAlias = Annotated[str, MaxLength(80)]
Str88: TypeAlias = Annotated[str, MaxLength(88)]
Str100: TypeAlias = Annotated[str, MaxLength(100)]
Str128: TypeAlias = Annotated[str, MaxLength(128)]
Str160: TypeAlias = Annotated[str, MaxLength(160)]
Str200: TypeAlias = Annotated[str, MaxLength(200)]
Str255: TypeAlias = Annotated[str, MaxLength(255)]
Str256: TypeAlias = Annotated[str, MaxLength(256)]
Str500: TypeAlias = Annotated[str, MaxLength(500)]
Str512: TypeAlias = Annotated[str, MaxLength(512)]
Str800: TypeAlias = Annotated[str, MaxLength(800)]
Str1000: TypeAlias = Annotated[str, MaxLength(1000)]
Str1024: TypeAlias = Annotated[str, MaxLength(1024)]
Str2000: TypeAlias = Annotated[str, MaxLength(2000)]
Str2500: TypeAlias = Annotated[str, MaxLength(2500)]
Str5500: TypeAlias = Annotated[str, MaxLength(5500)]
Str5600: TypeAlias = Annotated[str, MaxLength(5600)]
Str10000: TypeAlias = Annotated[str, MaxLength(10000)]
Str11000: TypeAlias = Annotated[str, MaxLength(11000)]
Str17000: TypeAlias = Annotated[str, MaxLength(17000)]
Str18000: TypeAlias = Annotated[str, MaxLength(18000)]
Str32768: TypeAlias = Annotated[str, MaxLength(32768)]
