#!/bin/sh
# statsmodels 0.15.0, the mean effect over facts with a standard error that is clustered by relation, or HC3: asked for in
# fit(cov_type=…) and by fit().get_robustcov_results(…) the error is the same to the last digits, the p-value and the
# interval are not. The first takes them from the normal distribution, as if clusters were many, and says so only by "z" in
# place of "t" in its summary; the second takes Student's t with as many degrees as clusters allow. With six relations
# that is 0.005 against 0.04. A t-test of the six means gives the second; so does use_t=True in fit. And HC3 on eight facts
# widens the error and makes p smaller.
. "$(dirname "$0")/lib.sh"
packages numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 statsmodels==0.15.0
python_here <<'PY'
import numpy as np, scipy.stats, statsmodels
import statsmodels.api as sm

random = np.random.RandomState(0)
relation = np.repeat(np.arange(6), 10)
effect = 1 + np.repeat([-0.6, 1.1, 0.2, -0.9, 0.9, -0.7], 10) + random.randn(60)
means = scipy.stats.ttest_1samp(effect.reshape(6, 10).mean(1), 0).pvalue
model = sm.OLS(effect, np.ones((60, 1)))
eight = sm.OLS(effect[[0, 1, 10, 11, 20, 21, 30, 31]], np.ones((8, 1)))

def show(name, result):
    low, high = result.conf_int()[0]
    print(f"  {name:24}: error {result.bse[0]:.6f}, p {result.pvalues[0]:.4f}, 95 % from {low:.3f} to {high:.3f}, {'t' if result.use_t else 'z'}")
    return result.bse[0], result.pvalues[0]

print("statsmodels", statsmodels.__version__)
print("60 facts of 6 relations, errors clustered by relation")
error, p = show("in fit", model.fit(cov_type="cluster", cov_kwds={"groups": relation}))
error_after, p_after = show("get_robustcov_results", model.fit().get_robustcov_results("cluster", groups=relation))
_, p_asked = show("in fit, use_t=True", model.fit(cov_type="cluster", cov_kwds={"groups": relation}, use_t=True))
print("  t-test of the 6 means   : p", round(means, 4))
assert np.isclose(error, error_after, rtol=1e-12) and p < 0.01 < 0.03 < p_after
assert np.isclose(p_after, means, rtol=1e-9) and np.isclose(p_asked, means, rtol=1e-9)
assert np.isclose(p, 2 * scipy.stats.norm.sf(effect.mean() / error), rtol=1e-9)
print("8 facts, HC3")
error, p = show("in fit", eight.fit(cov_type="HC3"))
error_after, p_after = show("get_robustcov_results", eight.fit().get_robustcov_results("HC3"))
error_plain, p_plain = show("no robust error", eight.fit())
assert np.isclose(error, error_after, rtol=1e-12) and error > error_plain and p < 0.05 < p_plain < p_after
PY
