"""Groups of pupils whose ways are compared with those of all others: girls, left-behind and poor children."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import PolicyError
from layoutopt.study import Study
from layoutopt.study.names import some

Array = NDArray[np.float64]


def group_weights(study: Study, rows: pd.DataFrame, group: str) -> Array:
    """Return for each of ``rows`` (settlement_id, pupils) what one minute of it adds to the difference of means.

    Pupils of the group by all of the group, less the others by all others; zero where there are none of either.

    Raises
    ------
    PolicyError
        ``goals.gap_groups`` names a group whose share is not known for some place with pupils.
    """
    known = study.settlements.reindex(columns=[group])[group].astype(float)
    share = known.reindex(rows["settlement_id"]).to_numpy(float)
    lacking = rows.loc[np.isnan(share) & (rows["pupils"] > 0).to_numpy(bool), "settlement_id"].unique()
    if len(lacking):
        raise PolicyError(
            f"goals.gap_groups names {group}, which needs the column {group} of the layer settlements: "
            f"{some(sorted(lacking))} have none. Give it, or leave the group out."
        )
    own = np.nan_to_num(share) * rows["pupils"].to_numpy(float)
    others = rows["pupils"].to_numpy(float) - own
    if own.sum() <= 0 or others.sum() <= 0:
        return np.zeros(len(rows))
    return own / own.sum() - others / others.sum()
