"""Why a line does not work: the questions a volunteer would ask, in order, answered from what was seen."""
