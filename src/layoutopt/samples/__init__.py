"""The bundled studies by name, and the generators of made-up mountain counties and of the pilot."""

from layoutopt.samples.county import County, generate_county
from layoutopt.samples.find import sample, sample_path
from layoutopt.samples.pilot import Pilot, generate_pilot
from layoutopt.samples.write import write_county

__all__ = ["County", "Pilot", "generate_county", "generate_pilot", "sample", "sample_path", "write_county"]
