"""A grid of images that share their shapes; each cell has its own colours."""

import genart


class Siblings(genart.Sketch):
    """Coarse layers follow the walk; the fine layers of each cell come from its own seed."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-5", "model.truncation": 0.8}
    columns = genart.Param(3, 1, 8, help="Columns of the grid.")
    rows = genart.Param(3, 1, 8, help="Rows of the grid.")
    alike = genart.Param(0.4, 0.0, 1.0, help="Share of layers that all cells have in common.")
    family = genart.Param(100, 0, 2**31, help="Seed of the first cell; the others follow.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """All cells in one image, in rows from the top left."""
        seeds = range(self.family, self.family + self.rows * self.columns)
        own = range(round(self.alike * self.model.num_ws), self.model.num_ws)
        children = genart.mix(self.model, self.walk(self.phase), self.model.sample(seeds), own)
        pictures = self.paint(children)
        channels, height, width = pictures.shape[1:]
        cells = pictures.view(self.rows, self.columns, channels, height, width)
        rows, columns = self.rows * height, self.columns * width
        return cells.permute(2, 0, 3, 1, 4).reshape(1, channels, rows, columns)
