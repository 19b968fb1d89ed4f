"""Splink on the pairs of `chartlake eval matching --pairs DIR`, for comparison.

    pip install splink==5.0.0
    python scripts/lab/splink_match.py DIR

Blocks as Chartlake's searches do (each number, the birth date, both names in either order), trains
by expectation maximisation on the same tables, and takes for each document the candidate of the
highest probability above a threshold when no second candidate stands above it too. Printed for
several thresholds: false matches of all documents, and matches of the documents about the registered.
"""

import sys
from pathlib import Path

import pandas as pd
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

folder = Path(sys.argv[1])
text = {c: str for c in "person family given birth sex street zip phone mrn member".split()}


def table(name):
    t = pd.read_csv(folder / name, dtype=text, keep_default_na=False).replace("", None)
    t["unique_id"] = range(len(t))
    return t


register, arrivals = table("register.csv"), table("arrivals.csv")
turned = "l.family = r.given and l.given = r.family"
rules = [block_on("mrn"), block_on("member"), block_on("birth"), block_on("family", "given"), turned]
settings = SettingsCreator(
    link_type="link_only",
    blocking_rules_to_generate_predictions=rules,
    comparisons=[
        cl.ForenameSurnameComparison("given", "family"),
        cl.DamerauLevenshteinAtThresholds("birth", [1, 2]),
        cl.ExactMatch("sex"),
        cl.DamerauLevenshteinAtThresholds("mrn", [1]),
        cl.DamerauLevenshteinAtThresholds("member", [1]),
        cl.ExactMatch("phone"),
        cl.ExactMatch("street"),
    ],
    retain_matching_columns=False,
)
db = DuckDBAPI()
linker = Linker([db.register(register, dataset_display_name="register"), db.register(arrivals, dataset_display_name="arrivals")], settings)
linker.training.estimate_probability_two_random_records_match([block_on("mrn"), block_on("family", "given", "birth")], recall=0.95)
linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
for rule in (block_on("birth"), block_on("family", "given"), block_on("mrn")):
    linker.training.estimate_parameters_using_expectation_maximisation(rule)
pairs = linker.inference.predict(threshold_match_probability=0.5).as_pandas_dataframe()
one = pairs["source_dataset_l"].str.contains("register")
pairs["patient"] = pairs["unique_id_l"].where(one, pairs["unique_id_r"])
pairs["document"] = pairs["unique_id_r"].where(one, pairs["unique_id_l"])
known = arrivals["person"].notna().sum()
print("threshold  false of all  matched of the registered")
for threshold in (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999):
    near = pairs[pairs["match_probability"] >= threshold]
    near = near[~near["document"].duplicated(keep=False)]
    truth = arrivals["person"].reindex(near["document"]).to_numpy()
    found = register["person"].reindex(near["patient"]).to_numpy()
    right = (truth == found).sum()
    wrong = len(near) - right
    print(f"{threshold:<9}  {wrong:6d} {100 * wrong / len(arrivals):7.4f} %  {100 * right / known:6.2f} %")
