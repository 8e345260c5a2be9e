"""How sure a result is: draws of parameters, forecast and inputs, paired on both sides."""
