"""What the core says in English, in Chinese: each phrase's template with its translation.

The keys are the templates of `slamon.core.phrase.Phrase`; a test finds every one of them in the core's source.
"""

from __future__ import annotations

ZH: dict[str, str] = {
    # How a credit was worked out
    "{first}; {rest}": "{first}；{rest}",
    "{hours} h": "{hours}小时",
    "{hours} h ({seconds} s)": "{hours}小时（{seconds}秒）",
    "1 day": "1天",
    "{days} days": "{days}天",
    "together {days}": "合计{days}",
    "worth {days} x {rent} / {month_days}": "折合{days} × {rent} ÷ {month_days}",
    "{time} interrupted = {in_days}, rounded up to {days}": "中断{time}，即{in_days}，向上取整为{days}天",
    "{time} interrupted = {in_days}, rounded down to {days}": "中断{time}，即{in_days}，向下取整为{days}天",
    "{time} interrupted = {in_days}, to two places {days}": "中断{time}，即{in_days}，保留两位小数为{days}天",
    "{time} since the complaint, the law allows {limit}; {rent} x {share}": (
        "自申告起历时{time}，法定时限{limit}；{rent} × {share}"
    ),
    "{units} started hour": "{units}小时（不足1小时按1小时计）",
    "{units} started hours": "{units}小时（不足1小时按1小时计）",
    "{units} started {hours} h": "{units}个{hours}小时（不足者按1个计）",
    "{what} x {share} x {charge}": "{what} × {share} × {charge}",
    "interrupted during planned work: {charge} x {share}": "计划作业期间中断：{charge} × {share}",
    "restored after {time}, from {minutes} min: {share} x {charge}": (
        "修复历时{time}，适用{minutes}分钟以上一档：{share} × {charge}"
    ),
    "{time} interrupted in the month = {units}": "当月累计中断{time}，计{units}",
    # Why an item was not credited
    "awaiting a decision: the responsibility is undecided": "责任未定，待认定",
    "responsibility {responsibility} is exempt": "责任方为{responsibility}，依约免责",
    "{rule} is worth more": "已按金额更高的“{rule}”补偿",
    "{rule} is worth as much and stands earlier": "与“{rule}”金额相同，以合同中在先者为准",
    # What was decided on time that could leave the clock
    "the contract does not say what notice planned work needs": "合同未约定计划作业的通知要求",
    "no notice on record; the contract requires {needed} h": "无通知记录；合同要求提前{needed}小时",
    "notified after the start; the contract requires {needed} h": "开始后才通知；合同要求提前{needed}小时",
    "notified {hours} h ahead; the contract requires {needed} h": "提前{hours}小时通知；合同要求提前{needed}小时",
    "notified {hours} h ahead by {channel}": "已提前{hours}小时以{channel}通知",
    "notified by no channel on record; the contract requires one of {channels}": (
        "未记录通知渠道；合同要求以{channels}之一通知"
    ),
    "notified by {channel}; the contract requires one of {channels}": "以{channel}通知；合同要求以{channels}之一通知",
    "no evidence on file; the contract requires it": "未提交证明材料；合同要求提供",
    "no notice on record; the contract requires one within {needed} days": "无通知记录；合同要求{needed}日内通知",
    "notified {days} days after it began; the contract requires {needed}": "发生后{days}日才通知；合同要求{needed}日内",
    "the contract does not list {kind} among its exclusions": "合同所列除外情形不含“{kind}”",
    # Where the fault of an incident seems to lie
    "reported, not measured": "客户申告，未测得",
    "recorded by a version that did not look": "由未作判断的旧版本记录",
    "a person decided: {responsibility}": "经人工认定：{responsibility}",
    "demarc {shows}": "运营商末端设备{shows}",
    "CPE {shows}": "客户设备{shows}",
    "port {state}": "端口{state}",
    "the path at onset was seen up to {last}, hop {hops}": "故障起始时路径可见至{last}（第{hops}跳）",
    "lines fell together": "多条线路同时中断",
    "{fell} of {lines} lines of {name} fell within a minute": "{name}下{lines}条线路中有{fell}条在一分钟内中断",
    "it fell alone": "仅此一条线路中断",
    "of {lines} lines of {name} it fell alone": "{name}下{lines}条线路中仅此一条中断",
    "the carrier's port said nothing": "运营商侧端口无信息",
    "the carrier's port is {state}": "运营商侧端口{state}",
    "{port}; a cut line and a far end without power look alike": "{port}；线路中断与对端断电表现相同，无法区分",
    "{port} while light arrives: the far end has power": "{port}，但有光信号：对端有电",
    "{port} and no light arrives; a cut fibre and a far end without power look alike": (
        "{port}，且无光信号；光缆中断与对端断电表现相同，无法区分"
    ),
    "the vantage itself was in trouble: {trouble}": "监测点自身异常：{trouble}",
    "{port} while packets pass: the inventory names another port, or a second path carries them": (
        "{port}，但报文可达：台账登记的端口有误，或另有路径承载"
    ),
    "the device at the customer's end told that its power fails (dying gasp)": "客户端设备上报断电告警（dying gasp）",
    "the carrier's port was switched off by the carrier": "运营商侧端口被运营商关闭",
    "the carrier's port dropped and came back during the incident (ifLastChange)": (
        "故障期间运营商侧端口曾断开并恢复（ifLastChange）"
    ),
    "the CPE answers through a demarc that does not: the demarc itself": (
        "客户设备有应答而运营商末端设备无应答：末端设备自身故障"
    ),
    "the carrier's port stayed up: the fault lies between it and the demarc": (
        "运营商侧端口始终正常：故障位于端口与末端设备之间"
    ),
    "the carrier's port stayed up and has not changed; the customer's device behind it is silent": (
        "运营商侧端口始终正常且无变化，其后的客户设备无应答"
    ),
    "the agent of the carrier's port fell silent with the line: what leads to both": (
        "端口所在设备与线路同时失去应答：故障位于通往两者的公共路径"
    ),
    "the path ended at {agent}, the device of the carrier's port": "路径终止于{agent}，即运营商侧端口所在设备",
    "only the customer's device was watched; nothing tells its fault from the line's": (
        "仅监测了客户设备，无法区分设备故障与线路故障"
    ),
    "nothing was seen that tells the access from the core": "没有可区分接入侧与骨干侧的迹象",
    "the carrier's port counts errors": "运营商侧端口有误码",
    "the carrier's port negotiated less than was contracted": "运营商侧端口协商速率低于合同带宽",
    "out of bounds at the carrier's port: {troubles}": "运营商侧端口指标越限：{troubles}",
    "the carrier's port discards packets: more traffic than the line takes, whoever sends it": (
        "运营商侧端口丢弃报文：流量超出线路容量，与来源无关"
    ),
    "the carrier's port is up and counts nothing bad: it comes from before the port": (
        "运营商侧端口正常且无误码：劣化来自端口之前"
    ),
    "nothing was seen that tells where it comes from": "没有可说明来源的迹象",
}
