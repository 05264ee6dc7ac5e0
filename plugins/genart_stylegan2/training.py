"""The state of a training run and one step of it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

import genart

from .augment import Controller, augment, diff_augment
from .config import Config
from .critics import Stylegan2Critic, fake_loss, generator_loss, real_loss
from .data import Dataset, sent
from .encoder import Encoder, divergence, likeness
from .losses import out_of_range, path_lengths, r1_penalty
from .network import Network
from .projected_critic import ProjectedCritic, random_views
from .settings import Settings


class Training:
    """Networks, optimisers, averages and counters of one run.

    Everything that decides the next step is in `state()`, so that a resumed run equals an
    uninterrupted one: weights, optimisers, averaged weights, images shown, augmentation
    strength, path-length mean and the random states.

    Args:
        settings: of the run.
        data: images at settings.resolution.
        device: where to train.
    """

    def __init__(self, settings: Settings, data: Dataset, device: torch.device) -> None:
        self.settings, self.data, self.device = settings, data.near(device), device
        self.config = Config(
            settings.resolution,
            z_dim=settings.z_dim,
            w_dim=settings.w_dim,
            c_dim=data.num_classes if settings.cond else 0,
            mapping_layers=settings.mapping_layers,
            channel_base=settings.channel_base,
            channel_max=settings.channel_max,
        )
        torch.manual_seed(settings.seed)
        self.generator = _placed(Network(self.config), device)
        if settings.critic == "projected":
            _start_in_range(self.generator)
        self.average = genart.training.WeightAverage(self.generator)
        self.hinge = settings.critic == "projected"
        self.critic = _placed(self._make_critic(), device)
        self.encoder = _placed(Encoder(settings.z_dim), device) if settings.recon else None
        self.kl_weight = torch.full([], 1e-3, device=device)
        nets = [net for net in (self.generator, self.encoder) if net is not None]
        self.g_opt = self._adam(nets, settings.glr, settings.pl_every, settings.pl_weight)
        self.d_opt = self._adam([self.critic], settings.dlr, settings.r1_every, settings.gamma)
        start = settings.p if settings.aug == "fixed" else 0.0
        self.control = Controller(start, settings.target, settings.ada_kimg, device)
        self.path_mean = torch.zeros([], device=device)
        self.shown = 0  # real images so far
        self.steps = 0
        self._order: tuple[int, Tensor] | None = None
        self._signs: list[Tensor] = []
        self._gradients: dict[str, Tensor] = {}  # the largest entry of each, at the last step

    def _make_critic(self) -> torch.nn.Module:
        if self.hinge:
            s = self.settings
            return ProjectedCritic(s.critic_resolution, s.seed, self.config.c_dim)
        return Stylegan2Critic(self.config)

    def _adam(
        self, nets: list[torch.nn.Module], lr: float, every: int, weight: float
    ) -> torch.optim.Adam:
        """Adam with rate and momentum adapted to the separate steps of a regulariser."""
        c = every / (every + 1) if weight else 1.0
        learning = [p for net in nets for p in net.parameters() if p.requires_grad]
        fused = self.device.type in ("cpu", "cuda", "mps")
        return torch.optim.Adam(learning, lr=lr * c, betas=(0.0, 0.99**c), eps=1e-8, fused=fused)

    def step(self) -> dict[str, Tensor]:
        """One step: discriminator and generator, with regularisers when due; returns what to log.

        Nothing in it waits for the device: figures are tensors without dimensions there.
        """
        s = self.settings
        reals, label = self._reals()
        alone = s.recon > 0 and self.shown < s.recon_kimg * 1000
        if s.recon and (alone or self.steps % s.recon_every == 0):
            log = self._reconstruction_step(reals, label, alone)
        else:
            log = self._adversarial_step(reals, label)
        if s.gamma and self.steps % s.r1_every == 0 and not alone:
            log |= self.r1_step(reals, label)
        if s.pl_weight and self.steps % s.pl_every == 0:
            log |= self.path_step()
        self.steps += 1
        self.shown += s.batch
        decay = genart.training.ramped_decay(s.ema_kimg * 1000, self.shown * s.ema_rampup, s.batch)
        self.average.update(self.generator, decay)
        if s.aug == "ada" and self.steps % 4 == 0:
            self.control.update(torch.stack(self._signs).mean(), 4 * s.batch)
            self._signs.clear()
        return log | {"p": self.control.p}

    def _adversarial_step(self, reals: Tensor, label: Tensor | None) -> dict[str, Tensor]:
        """Discriminator, then generator, on the same fakes; each is made and projected once."""
        fakes, _, fake_label = self._fakes(self.settings.batch)
        seen = self.critic.project(self._augmented(fakes))
        with torch.no_grad():
            seen_reals = self.critic.project(self._augmented(reals))
        on_reals = self.critic.judge(seen_reals, label)
        on_fakes = self.critic.judge([x.detach() for x in seen], fake_label)
        d_loss = fake_loss(on_fakes, self.hinge) + real_loss(on_reals, self.hinge)
        self._descend(self.d_opt, d_loss)
        g_loss = generator_loss(self.critic.judge(seen, fake_label), self.hinge)
        self._descend(self.g_opt, g_loss + self.critic.range_weight * out_of_range(fakes))
        sign = torch.stack([x.detach().sign().mean() for x in on_reals]).mean()
        self._signs.append(sign)
        log = {"g": g_loss.detach(), "d": d_loss.detach(), "sign": sign}
        if self.hinge:
            log["pixels"] = (on_reals[-1].mean() - on_fakes[-1].mean()).detach()
        return log

    def _reconstruction_step(
        self, reals: Tensor, label: Tensor | None, alone: bool
    ) -> dict[str, Tensor]:
        """Reals through encoder and generator; also through the discriminator unless `alone`.

        The weight of the divergence follows the rate: it grows while the rate is above
        `kl` nats and falls while it is below.
        """
        assert self.encoder is not None
        with torch.no_grad():
            view = random_views(len(reals), self.device)
            real_maps = self.critic.features(reals, view)
            whole = self.critic.features(reals)
        mean, log_variance = self.encoder(whole)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        w = self.generator.mapping(z, label)
        self.generator.mapping.track(w)
        images = self.generator.synthesis(w[:, None].expand(-1, self.config.num_ws, -1), "random")
        maps = self.critic.features(images, view)
        like, rate = likeness(images, maps, reals, real_maps), divergence(mean, log_variance)
        loss = self.settings.recon * (like + self.kl_weight * rate)
        log = {"like": like.detach(), "kl": rate.detach()}
        self.kl_weight = self.kl_weight * torch.where(log["kl"] > self.settings.kl, 1.01, 1 / 1.01)
        if not alone:
            logits = self.critic.judge(self.critic.mixed(maps, images), label)
            loss = loss + generator_loss(logits, self.hinge)
        self._descend(self.g_opt, loss + self.critic.range_weight * out_of_range(images))
        return log

    def path_step(self) -> dict[str, Tensor]:
        """A step of the generator for even path lengths; returns what to log."""
        images, ws, _ = self._fakes(max(self.settings.batch // 2, 1))
        lengths = path_lengths(images, ws)
        self.path_mean.lerp_(lengths.mean().detach(), 0.01)
        penalty = (lengths - self.path_mean).square().mean()
        self._descend(self.g_opt, penalty * self.settings.pl_weight * self.settings.pl_every)
        return {"path": self.path_mean.clone()}

    def r1_step(self, reals: Tensor, label: Tensor | None) -> dict[str, Tensor]:
        """A step of the discriminator for a small gradient at reals; returns what to log."""
        with torch.no_grad():
            seen = self.critic.project(self._augmented(reals))
        penalty = r1_penalty(
            lambda maps: self.critic.judge(maps, label), seen, self.critic.r1_weights
        )
        self._descend(self.d_opt, penalty * self.settings.gamma * self.settings.r1_every)
        return {"r1": penalty.detach()}

    def _descend(self, optimiser: torch.optim.Adam, loss: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        name = "g" if optimiser is self.g_opt else "d"
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        given = [gradient for gradient in gradients if gradient is not None]
        norms = torch.stack(list(torch._foreach_norm(given, math.inf)))
        self._gradients[f"gradient of {name}"] = norms.max()
        for parameter, gradient in zip(parameters, gradients, strict=True):
            if gradient is not None:
                parameter.grad = torch.nan_to_num(gradient, nan=0.0, posinf=1e5, neginf=-1e5)
        optimiser.step()

    def watched(self) -> dict[str, Tensor]:
        """The largest entries of the gradients, whose values that are not finite are set to 0."""
        return self._gradients

    def _augmented(self, images: Tensor) -> Tensor:
        if self.settings.aug == "diff":
            return diff_augment(images)
        if self.settings.aug == "none":
            return images
        return augment(images, self.control.p, self.settings.augpipe)

    def _fakes(self, n: int) -> tuple[Tensor, Tensor, Tensor | None]:
        """Images, their ws with a graph, and labels."""
        label = self._labels(n)
        ws = self._styles(n, label)
        return self.generator.synthesis(ws, "random"), ws, label

    def _styles(self, n: int, label: Tensor | None) -> Tensor:
        z = torch.randn(2, n, self.config.z_dim, device=self.device)
        mapping = self.generator.mapping
        w = mapping(z[0], label)
        mapping.track(w)
        ws: Tensor = w[:, None].repeat(1, self.config.num_ws, 1)
        if self.settings.mixing and torch.rand([]) < self.settings.mixing:  # drawn on the CPU
            cut = int(torch.randint(1, self.config.num_ws, []))
            ws = torch.cat([ws[:, :cut], mapping(z[1], label)[:, None].expand_as(ws)[:, cut:]], 1)
        return ws

    def _labels(self, n: int) -> Tensor | None:
        if not self.config.c_dim:
            return None
        drawn = sent(torch.randint(len(self.data), (n,)), self.data.device)  # by the CPU's chance
        return self.data.label(drawn, self.device)

    def _reals(self) -> tuple[Tensor, Tensor | None]:
        """The next real images; the order is a fresh shuffle every epoch, fixed by the seed."""
        index = self._next(self.settings.batch)
        images = self.data.batch(index, self.device)
        if self.settings.mirror:
            flips = torch.rand(len(images), device=self.device) < 0.5
            images = torch.where(flips[:, None, None, None], images.flip(3), images)
        return images, self.data.label(index, self.device) if self.config.c_dim else None

    def _next(self, count: int) -> Tensor:
        """Which images come next, where the images are."""
        n, at, parts = len(self.data), self.shown, []
        while count:
            part = self._shuffled(at // n)[at % n : at % n + count]
            at, count = at + len(part), count - len(part)
            parts.append(part)
        return torch.cat(parts)

    def _shuffled(self, epoch: int) -> Tensor:
        if self._order is None or self._order[0] != epoch:
            rng = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + epoch)
            order = torch.randperm(len(self.data), generator=rng)
            self._order = (epoch, sent(order, self.data.device))
        return self._order[1]

    def state(self) -> dict[str, Any]:
        """Everything that decides the next step: tensors, numbers and names only."""
        return {
            "settings": self.settings.to_dict(),
            "generator": self.generator.state_dict(),
            "averaged": self.average.network.state_dict(),
            "critic": self.critic.state_dict(),
            "encoder": self.encoder.state_dict() if self.encoder else {},
            "kl_weight": float(self.kl_weight),
            "g_opt": self.g_opt.state_dict(),
            "d_opt": self.d_opt.state_dict(),
            "path_mean": self.path_mean,
            "shown": self.shown,
            "steps": self.steps,
            "p": float(self.control.p),
            "signs": [float(sign) for sign in self._signs],
            "rng": torch.get_rng_state(),
            "rng_cuda": torch.cuda.get_rng_state_all() if self.device.type == "cuda" else [],
            "rng_mps": torch.mps.get_rng_state() if self.device.type == "mps" else [],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what `state` gave, at this run's learning rates.

        Raises:
            UsageError: networks of another shape, as of data with another number of classes.
        """
        for name in ("generator", "critic") + (("encoder",) if self.encoder else ()):
            _load(getattr(self, name), state[name], name)
        _load(self.average.network, state["averaged"], "averaged")
        for name in ("g_opt", "d_opt"):
            _load_optimiser(getattr(self, name), state[name])
        self.kl_weight.fill_(float(state["kl_weight"]))
        self.path_mean.copy_(state["path_mean"])
        self.shown, self.steps = int(state["shown"]), int(state["steps"])
        if self.settings.aug != "fixed":
            self.control.p.fill_(float(state["p"]))
        self._signs = [torch.full([], float(x), device=self.device) for x in state["signs"]]
        torch.set_rng_state(state["rng"].cpu())
        if self.device.type == "cuda" and state["rng_cuda"]:
            torch.cuda.set_rng_state_all([x.cpu() for x in state["rng_cuda"]])
        if self.device.type == "mps" and len(state.get("rng_mps", [])):
            torch.mps.set_rng_state(state["rng_mps"].cpu())


def _load(net: torch.nn.Module, weights: dict[str, Tensor], name: str) -> None:
    """Weights of a snapshot into a network of the same shape."""
    shapes = {key: x.shape for key, x in net.state_dict().items()}
    other = [key for key in shapes | weights if shapes.get(key) != _shape(weights.get(key))]
    if other:
        raise genart.UsageError(
            f"The snapshot's {name} has another shape than this run's ({len(other)} tensors, the "
            f"first: {other[0]}). The number of classes or the version of genart may differ."
        )
    net.load_state_dict(weights)


def _shape(tensor: Tensor | None) -> torch.Size | None:
    return None if tensor is None else tensor.shape


def _load_optimiser(optimiser: torch.optim.Adam, state: dict[str, Any]) -> None:
    """Moments of a snapshot; learning rate and betas stay those of this run's settings."""
    chosen = [{key: group[key] for key in ("lr", "betas")} for group in optimiser.param_groups]
    optimiser.load_state_dict(state)
    for group, values in zip(optimiser.param_groups, chosen, strict=True):
        group.update(values)


@torch.no_grad()
def _start_in_range(network: Network) -> None:
    """Make the first images fainter: frozen features saturate far outside -1..1."""
    for name, weight in network.named_parameters():
        if name.endswith("torgb.weight"):
            weight.mul_(0.25)


def _placed(net: Any, device: torch.device) -> Any:
    return net.to(device, memory_format=torch.channels_last)
