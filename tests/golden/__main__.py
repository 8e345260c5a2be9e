"""``python -m tests.golden`` stores the results of all scenarios anew; look at the difference before you commit it."""

from tests.golden import renew

renew()
