"""Made-up place names, none twice: two syllables of landscape, in pinyin without tones."""

from __future__ import annotations

import numpy as np

FIRST, SECOND = (
    tuple(text.split())
    for text in (
        "Bai Chang Da Dong Feng Fu Gao Guan Hei Heng Hong Hua Huang Jin Jing Lao Lian Liu Long Lu Ma Mei Nan "
        "Niu Ping Qing Quan San Sha Shan Shi Shuang Shui Song Tai Tian Wu Xi Xiao Xin Yan Yang Ying Yu Yun Zhu",
        "an ba bao cha chi chuan di dian dong gang gou guan he hekou hui jia kou lin ling liu men miao ping po "
        "qiao quan shan shi shuiping tan tang wan wo xi ya yan yuan zhai zhuang zui",
    )
)


def place_names(count: int, *, rng: np.random.Generator) -> list[str]:
    """Return ``count`` different names; beyond the stock of pairs a number is added."""
    pairs = [first + ("'" if second[0] in "a" else "") + second for first in FIRST for second in SECOND]
    order = rng.permutation(len(pairs))
    rounds, rest = divmod(count, len(pairs))
    names = [f"{pairs[i]} {turn + 1}" if turn else pairs[i] for turn in range(rounds + 1) for i in order]
    return names[: rounds * len(pairs) + rest]
