"""A family portrait that moves: one shape walks, and every child wears colours of its own."""

import genart


class Siblings(genart.Sketch):
    """The coarse layers follow the walk; each cell takes its fine layers from a seed of its own."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-5", "model.truncation": 0.8}
    columns = genart.Param(3, 1, 8, help="Pictures side by side.")
    rows = genart.Param(3, 1, 8, help="Pictures on top of each other.")
    alike = genart.Param(0.4, 0.0, 1.0, help="The share of layers that all have in common.")
    family = genart.Param(100, 0, 2**31, help="The first child's seed; the others follow.")

    def draw(self, t: float, dt: float) -> genart.Image:
        """All children in one picture, in rows from the top left."""
        seeds = range(self.family, self.family + self.rows * self.columns)
        own = range(round(self.alike * self.model.num_ws), self.model.num_ws)
        children = genart.mix(self.model, self.walk(self.phase), self.model.sample(seeds), own)
        pictures = self.paint(children)
        channels, height, width = pictures.shape[1:]
        cells = pictures.view(self.rows, self.columns, channels, height, width)
        rows, columns = self.rows * height, self.columns * width
        return cells.permute(2, 0, 3, 1, 4).reshape(1, channels, rows, columns)
