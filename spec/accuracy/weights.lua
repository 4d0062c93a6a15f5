-- The weights of single samples, which a profile only has as sums: read from
-- the counters so often that one reading sees one sample. They give n_eff, the
-- number of equal samples that would be as good as these.

local core = require "cprof.core"

local M = {}


--- Begins to watch.
---@return table watch: watch:read() now and then, watch:n_eff() at the end
function M.watch()
  local before = core.stats()
  local watch = { sum = 0, squares = 0, count = 0 }

  function watch.read(self)
    local now = core.stats()
    local ticks = now.ticks - before.ticks
    if ticks > 0 then
      local weight = now.ticks_ns - before.ticks_ns
      self.count = self.count + ticks
      self.sum = self.sum + weight
      self.squares = self.squares + weight * weight / ticks
      before = now
    end
  end

  function watch.n_eff(self)
    return self.sum * self.sum / self.squares
  end

  return watch
end


return M
