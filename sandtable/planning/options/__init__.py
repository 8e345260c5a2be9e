"""Options against what others and the world may do: trees and war games."""
