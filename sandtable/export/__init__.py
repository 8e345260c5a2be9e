"""Results as files: workbook and folder."""
