// Files go to the server one PUT each, under their relative paths; the finished batch becomes a job.
// Streamlit runs the exported function again on every rerun: what lives longer is kept per element.

const zones = new WeakMap()
const AT_ONCE = 3
const SHOWN_FAILURES = 5
const LITTER = new Set([".ds_store", "thumbs.db", "desktop.ini"])

export default function (component) {
  const { parentElement, data, setTriggerValue } = component
  let zone = zones.get(parentElement)
  if (!zone) {
    zone = { upload: null }
    zones.set(parentElement, zone)
  }
  zone.data = data
  zone.finished = (value) => setTriggerValue("finished", value)
  const part = (role) => parentElement.querySelector(`[data-role="${role}"]`)
  zone.part = part

  part("title").textContent = data.texts.title
  part("hint").textContent = data.texts.hint
  part("pick-files").textContent = data.texts.files
  part("pick-folder").textContent = data.texts.folder
  part("cancel").textContent = data.texts.cancel

  part("pick-files").onclick = () => part("files").click()
  part("pick-folder").onclick = () => part("folder").click()
  for (const role of ["files", "folder"]) {
    part(role).onchange = (event) => {
      const chosen = [...event.target.files].map((file) => ({
        file,
        path: file.webkitRelativePath || file.name,
      }))
      event.target.value = ""
      start(zone, chosen)
    }
  }
  part("cancel").onclick = () => zone.upload && cancel(zone)

  const area = part("zone")
  area.ondragover = (event) => {
    event.preventDefault()
    if (!zone.upload) area.classList.add("over")
  }
  area.ondragleave = (event) => {
    if (!area.contains(event.relatedTarget)) area.classList.remove("over")
  }
  area.ondrop = async (event) => {
    event.preventDefault()
    area.classList.remove("over")
    if (zone.upload) return
    // The items are only there until this handler returns: take the entries first.
    const entries = [...event.dataTransfer.items]
      .map((item) => (item.webkitGetAsEntry ? item.webkitGetAsEntry() : null))
      .filter(Boolean)
    const plain = entries.length ? [] : [...event.dataTransfer.files]
    const chosen = plain.map((file) => ({ file, path: file.name }))
    for (const entry of entries) await walk(entry, "", chosen)
    start(zone, chosen)
  }
}

async function walk(entry, folder, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject))
    found.push({ file, path: folder + entry.name })
    return
  }
  const reader = entry.createReader()
  // A reader hands out at most a hundred entries at a time; an empty batch is the end.
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
    if (!batch.length) return
    for (const child of batch) await walk(child, `${folder}${entry.name}/`, found)
  }
}

async function start(zone, chosen) {
  if (zone.upload) return
  const files = chosen.filter(({ file }) => !LITTER.has(file.name.toLowerCase()))
  if (!files.length) {
    if (chosen.length) say(zone, zone.data.texts.empty)
    return
  }
  const upload = {
    batch: crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`,
    url: zone.data.url,
    waiting: files.slice(),
    total: files.length,
    bytes: files.reduce((sum, { file }) => sum + file.size, 0),
    sent: new Map(),
    uploaded: 0,
    failures: [],
    requests: new Set(),
    current: "",
    cancelled: false,
  }
  zone.upload = upload
  show(zone)
  const warn = (event) => {
    event.preventDefault()
    event.returnValue = zone.data.texts.leave
  }
  window.addEventListener("beforeunload", warn)
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, () => work(zone, upload)))
    await finish(zone, upload)
  } finally {
    window.removeEventListener("beforeunload", warn)
    zone.upload = null
    show(zone)
  }
}

async function work(zone, upload) {
  while (upload.waiting.length && !upload.cancelled) {
    const next = upload.waiting.shift()
    upload.current = next.path
    try {
      if (next.file.size > zone.data.maxMegabytes * 1048576) {
        throw new Error(fill(zone.data.texts.too_large, { limit: zone.data.maxMegabytes }))
      }
      await put(zone, upload, next)
      upload.uploaded += 1
    } catch (error) {
      if (!upload.cancelled) upload.failures.push({ path: next.path, reason: error.message })
    }
    upload.sent.set(next.path, next.file.size)
    show(zone)
  }
}

function put(zone, upload, { file, path }) {
  // XMLHttpRequest, not fetch: only it tells how much of the body has gone out.
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    upload.requests.add(request)
    request.open("PUT", `${upload.url}/${upload.batch}/${path.split("/").map(encodeURIComponent).join("/")}`)
    for (const [name, value] of Object.entries(headers(zone))) request.setRequestHeader(name, value)
    request.setRequestHeader("Content-Type", "application/octet-stream")
    request.upload.onprogress = (event) => {
      upload.sent.set(path, event.loaded)
      show(zone)
    }
    request.onerror = () => reject(new Error(zone.data.texts.offline))
    request.onabort = () => reject(new Error(zone.data.texts.cancelled))
    request.onload = () =>
      request.status < 300 ? resolve() : reject(new Error(reason(zone, request.responseText)))
    request.onloadend = () => upload.requests.delete(request)
    request.send(file)
  })
}

async function finish(zone, upload) {
  const texts = zone.data.texts
  upload.current = texts.finishing
  show(zone)
  if (upload.cancelled || !upload.uploaded) {
    await fetch(`${upload.url}/${upload.batch}`, { method: "DELETE", headers: headers(zone) }).catch(() => {})
    say(zone, upload.cancelled ? texts.cancelled : "", upload.failures)
    return
  }
  try {
    const response = await fetch(`${upload.url}/${upload.batch}/finish`, { method: "POST", headers: headers(zone) })
    if (!response.ok) throw new Error(reason(zone, await response.text()))
    const job = await response.json()
    say(zone, fill(texts.done, { count: upload.uploaded }), upload.failures)
    zone.finished({ jobId: job.job_id, uploaded: upload.uploaded, failed: upload.failures.length })
  } catch (error) {
    const offline = error instanceof TypeError ? texts.offline : error.message
    say(zone, "", [{ path: "", reason: offline }, ...upload.failures])
  }
}

function cancel(zone) {
  zone.upload.cancelled = true
  for (const request of zone.upload.requests) request.abort()
}

function headers(zone) {
  return { "X-Zhiku": "1", "X-Zhiku-Language": zone.data.language }
}

function reason(zone, body) {
  try {
    return JSON.parse(body).detail || zone.data.texts.offline
  } catch {
    return zone.data.texts.offline
  }
}

function show(zone) {
  const { upload, part, data } = zone
  part("busy").hidden = !upload
  part("idle").hidden = Boolean(upload)
  if (!upload) return
  part("result").hidden = true
  part("failures").hidden = true
  const sent = [...upload.sent.values()].reduce((sum, each) => sum + each, 0)
  const share = upload.bytes ? Math.min(1, sent / upload.bytes) : upload.uploaded / upload.total
  part("fill").style.width = `${(share * 100).toFixed(1)}%`
  part("progress").textContent = fill(data.texts.progress, {
    done: upload.uploaded + upload.failures.length,
    total: upload.total,
    sent: size(Math.min(sent, upload.bytes)),
    bytes: size(upload.bytes),
  })
  part("current").textContent = upload.current
}

function say(zone, sentence, failures = []) {
  const { part, data } = zone
  part("result").textContent = sentence
  part("result").hidden = !sentence
  const list = part("failures")
  list.replaceChildren(
    ...failures.slice(0, SHOWN_FAILURES).map(({ path, reason }) => {
      const item = document.createElement("li")
      item.textContent = path ? fill(data.texts.failed, { path, reason }) : reason
      return item
    }),
  )
  if (failures.length > SHOWN_FAILURES) {
    const item = document.createElement("li")
    item.textContent = fill(data.texts.more, { count: failures.length - SHOWN_FAILURES })
    list.append(item)
  }
  list.hidden = !failures.length
}

function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole))
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`
  const units = ["KB", "MB", "GB"]
  let amount = bytes / 1024
  let unit = 0
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024
    unit += 1
  }
  return `${amount.toFixed(1)} ${units[unit]}`
}
