"""`python -m lab.adsl`: one home on ADSL (see `lab.adsl.client`)."""

from lab.adsl.client import main

raise SystemExit(main())
