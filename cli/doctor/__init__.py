"""`storyreel doctor`: tries everything that a deployment needs, and says what is amiss and what to do about it."""
