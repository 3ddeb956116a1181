"""Kinds of tables to be generated: their rows, their columns, and what people call these."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A column of numbers: its heading, what people call it, its unit, how it is made."""

    header: str
    spoken: tuple[str, ...]
    low: float
    high: float
    unit: str
    decimals: int = 0
    style: str = "plain"
    adds_up: bool = True


@dataclass(frozen=True)
class Category:
    header: str
    spoken: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Domain:
    """A kind of table: what its rows are, and its columns."""

    title: str
    noun: str
    which: str
    counter: str
    key: str
    names: Callable[[random.Random, int], list[str]]
    categories: tuple[Category, ...]
    measures: tuple[Measure, ...]
    date: tuple[str, str] | None = None
    date_style: str = "iso"
    preamble: str = ""
    total_row: bool = False


def _people(rng: random.Random, count: int) -> list[str]:
    family = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    given = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红梅鑫波辉建文博思雨欣怡子涵浩然梓"
    names: dict[str, None] = {}
    while len(names) < count:
        names[rng.choice(family) + "".join(rng.sample(given, rng.choice((1, 2, 2))))] = None
    return list(names)


def _joined(*parts: str) -> Callable[[random.Random, int], list[str]]:
    def make(rng: random.Random, count: int) -> list[str]:
        names: dict[str, None] = {}
        lists = [part.split("|") for part in parts]
        while len(names) < count:
            names["".join(rng.choice(each) for each in lists)] = None
        return list(names)

    return make


def _numbered(prefix: str, digits: int) -> Callable[[random.Random, int], list[str]]:
    def make(rng: random.Random, count: int) -> list[str]:
        start = rng.randrange(10 ** (digits - 1), 9 * 10 ** (digits - 1))
        return [f"{prefix}{start + 7 * number}" for number in range(count)]

    return make


DOMAINS: tuple[Domain, ...] = (
    Domain(
        "员工薪资表",
        "员工",
        "哪位",
        "名",
        "姓名",
        _people,
        (
            Category("部门", "部门", ("研发部", "市场部", "财务部", "人事部", "生产部", "售后部")),
            Category("学历", "学历", ("大专", "本科", "硕士", "博士")),
        ),
        (
            Measure("基本工资（元）", ("基本工资", "底薪"), 4000, 15000, "元", 0, "comma", False),
            Measure("年终奖（元）", ("年终奖",), 2000, 60000, "元", 0, "comma"),
            Measure("年龄", ("年龄",), 22, 58, "岁", 0, "plain", False),
        ),
        ("入职日期", "入职"),
        "chinese",
    ),
    Domain(
        "电器门店销售统计",
        "门店",
        "哪家",
        "家",
        "门店名称",
        _joined(
            "朝阳|海淀|浦东|天河|江汉|武侯|雁塔|鼓楼|西湖|南山", "一店|二店|旗舰店|广场店|中心店"
        ),
        (Category("所在大区", "大区", ("华北", "华东", "华南", "西南")),),
        (
            Measure("销售额（万元）", ("销售额", "销售金额"), 80, 2600, "万元", 2, "comma"),
            Measure("销量（台）", ("销量", "销售量"), 120, 4800, "台", 0, "plain"),
            Measure("毛利率", ("毛利率",), 8, 35, "%", 1, "percent", False),
        ),
        total_row=True,
    ),
    Domain(
        "仓库物料盘点",
        "物料",
        "哪种",
        "种",
        "物料名称",
        _joined(
            "不锈钢|铸铁|尼龙|铜质|铝合金|橡胶", "法兰|垫片|阀门|接头|轴承|弹簧|螺母", "A型|B型|C型"
        ),
        (
            Category("存放库区", "库区", ("一号库", "二号库", "三号库", "露天堆场")),
            Category("供应商", "供应商", ("宏达五金", "联创机电", "顺丰材料", "恒信配件")),
        ),
        (
            Measure("库存数量/件", ("库存数量", "库存"), 10, 9000, "件", 0, "plain"),
            Measure("单价/元", ("单价",), 2, 480, "元", 2, "plain", False),
        ),
        ("入库时间", "入库"),
        "slash",
    ),
    Domain(
        "期末考试成绩",
        "学生",
        "哪个",
        "名",
        "学生姓名",
        _people,
        (
            Category("班级", "班", ("高一1班", "高一2班", "高一3班")),
            Category("性别", "性别", ("男", "女")),
        ),
        (
            Measure("语文", ("语文成绩", "语文"), 55, 140, "分", 0, "plain", False),
            Measure("数学", ("数学成绩", "数学"), 40, 150, "分", 0, "plain", False),
            Measure("总分", ("总分",), 300, 700, "分", 0, "plain", False),
        ),
    ),
    Domain(
        "在建工程项目台账",
        "项目",
        "哪个",
        "个",
        "项目名称",
        _joined(
            "滨河|东湖|长岭|青石|白云|金沙|望江",
            "大桥|污水厂|产业园|体育馆|快速路|隧道",
            "新建工程|改造工程|二期工程",
        ),
        (
            Category("施工单位", "施工单位", ("中建八局", "省建一公司", "宏远路桥", "华泰建设")),
            Category("项目状态", "状态", ("在建", "停工", "已竣工")),
        ),
        (
            Measure("合同金额", ("合同金额", "合同额"), 300, 68000, "万元", 2, "comma"),
            Measure("工期（天）", ("工期",), 90, 1400, "天", 0, "plain", False),
            Measure("完成进度", ("完成进度", "进度"), 5, 100, "%", 0, "percent", False),
        ),
        ("开工日期", "开工"),
        "iso",
        "单位：万元",
    ),
    Domain(
        "城市空气质量月报",
        "城市",
        "哪个",
        "个",
        "城市",
        _joined("安|宁|林|泽|昌|平|庆|和|泰|源", "州|阳|川|江|海|城"),
        (Category("省份", "省", ("河北", "山东", "四川", "江苏")),),
        (
            Measure("PM2.5浓度(μg/m³)", ("PM2.5浓度",), 12, 95, "", 0, "plain", False),
            Measure("优良天数", ("优良天数",), 8, 31, "天", 0, "plain"),
        ),
    ),
    Domain(
        "医院门诊科室统计",
        "科室",
        "哪个",
        "个",
        "科室",
        _joined("心血管|神经|消化|呼吸|骨|普外|泌尿|内分泌|血液|肿瘤|儿|眼", "内科|外科|门诊"),
        (Category("院区", "院区", ("本部", "东院区", "西院区")),),
        (
            Measure("接诊人次", ("接诊人次", "接诊量"), 300, 12000, "人次", 0, "comma"),
            Measure("次均费用（元）", ("次均费用",), 90, 1500, "元", 2, "plain", False),
            Measure("医生人数", ("医生人数",), 3, 60, "人", 0, "plain"),
        ),
        total_row=True,
    ),
    Domain(
        "采购订单明细",
        "订单",
        "哪个",
        "笔",
        "订单编号",
        _numbered("PO2023", 5),
        (
            Category(
                "供应商", "供应商", ("鼎盛科技", "海纳贸易", "金桥化工", "博远电子", "天成包装")
            ),
            Category("采购类别", "类别", ("原材料", "办公用品", "设备", "包装")),
        ),
        (
            Measure("订单金额(元)", ("订单金额", "金额"), 800, 260000, "元", 2, "comma"),
            Measure("采购数量", ("采购数量",), 5, 3000, "件", 0, "plain"),
        ),
        ("下单日期", "下单"),
        "compact",
    ),
    Domain(
        "图书馆藏书借阅情况",
        "图书",
        "哪本",
        "本",
        "书名",
        _joined("江南|草原|星空|古城|山海|时光|灯塔|雪国", "往事|笔记|漫游|来信|传奇|之歌"),
        (
            Category("分类", "分类", ("文学", "历史", "科普", "艺术")),
            Category("出版社", "出版社", ("人民出版社", "商务印书馆", "三联书店", "中华书局")),
        ),
        (
            Measure("借阅次数", ("借阅次数",), 0, 420, "次", 0, "plain"),
            Measure("定价", ("定价", "价格"), 18, 198, "元", 2, "currency", False),
            Measure("页数", ("页数",), 90, 980, "页", 0, "plain", False),
        ),
    ),
    Domain(
        "车辆运输任务记录",
        "车辆",
        "哪辆",
        "辆",
        "车牌号",
        _joined("沪A|苏B|浙C|皖D", "F|G|H|K", "1|2|3|4|5", "6|7|8|9", "08|16|25|37|42|59"),
        (
            Category("司机班组", "班组", ("甲班", "乙班", "丙班")),
            Category("车型", "车型", ("厢式货车", "冷藏车", "平板车")),
        ),
        (
            Measure("行驶里程（公里）", ("行驶里程", "里程"), 120, 5200, "公里", 1, "plain"),
            Measure("油耗（升）", ("油耗",), 20, 900, "升", 1, "plain"),
            Measure("载重（吨）", ("载重",), 2, 40, "吨", 1, "plain", False),
        ),
        ("出车日期", "出车"),
        "chinese",
    ),
    Domain(
        "景区旅游接待情况",
        "景区",
        "哪个",
        "个",
        "景区名称",
        _joined("天门|龙泉|凤凰|云台|莲花|翠屏", "山|湖|峡|寺|古镇", "风景区|森林公园"),
        (
            Category("等级", "等级", ("5A级", "4A级", "3A级")),
            Category("所属市", "市", ("临川市", "云溪市", "海陵市")),
        ),
        (
            Measure("接待游客（万人次）", ("接待游客", "接待游客量"), 3, 880, "万人次", 1, "plain"),
            Measure("门票收入（万元）", ("门票收入",), 20, 9800, "万元", 1, "comma"),
            Measure("门票价格（元）", ("门票价格", "票价"), 0, 240, "元", 0, "plain", False),
        ),
        total_row=True,
    ),
    Domain(
        "设备维修保养登记",
        "设备",
        "哪台",
        "台",
        "设备名称",
        _joined("数控|液压|激光|自动", "车床|铣床|切割机|冲床|折弯机|磨床", "01号|02号|03号|04号"),
        (
            Category("使用车间", "车间", ("一车间", "二车间", "三车间", "总装车间")),
            Category("维修结果", "结果", ("合格", "待复检", "报废")),
        ),
        (
            Measure("维修费用（元）", ("维修费用", "维修费"), 150, 38000, "元", 0, "plain"),
            Measure("停机时长（小时）", ("停机时长",), 1, 120, "小时", 1, "plain"),
        ),
        ("维修日期", "维修"),
        "iso",
    ),
    Domain(
        "农产品收购价格",
        "农产品",
        "哪种",
        "种",
        "品名",
        _joined("红富士|黄金|高山|有机|早熟|丰水", "苹果|土豆|白菜|玉米|西瓜|辣椒"),
        (
            Category("产地", "产地", ("陕西", "甘肃", "云南", "湖北")),
            Category("质量等级", "等级", ("一级", "二级", "三级")),
        ),
        (
            Measure("收购价（元/公斤）", ("收购价",), 1, 18, "元", 2, "plain", False),
            Measure("收购量（吨）", ("收购量",), 5, 900, "吨", 1, "plain"),
        ),
    ),
    Domain(
        "基金产品净值",
        "基金",
        "哪只",
        "只",
        "基金简称",
        _joined("稳健|成长|价值|红利|新能源|消费|医药", "优选|精选|混合|债券|指数", "A|C"),
        (
            Category("基金类型", "类型", ("股票型", "债券型", "混合型")),
            Category("风险等级", "风险等级", ("低风险", "中风险", "高风险")),
        ),
        (
            Measure("单位净值", ("单位净值", "净值"), 0.6, 3.9, "", 4, "plain", False),
            Measure("近一年收益率", ("近一年收益率",), -25, 48, "%", 2, "percent", False),
            Measure("规模（亿元）", ("规模",), 0.5, 190, "亿元", 2, "plain"),
        ),
        ("成立日期", "成立"),
        "iso",
    ),
    Domain(
        "学校社团活动经费",
        "社团",
        "哪个",
        "个",
        "社团名称",
        _joined("晨光|青鸟|蓝天|知行|春芽", "合唱团|话剧社|摄影社|机器人社|篮球社|书法社"),
        (Category("指导院系", "院系", ("文学院", "理学院", "工学院", "艺术学院")),),
        (
            Measure("活动经费（元）", ("活动经费", "经费"), 500, 30000, "元", 0, "plain"),
            Measure("成员人数（人）", ("成员人数",), 8, 160, "人", 0, "plain"),
        ),
        total_row=True,
    ),
    Domain(
        "Server inventory 服务器清单",
        "服务器",
        "哪台",
        "台",
        "主机名",
        _numbered("srv-", 3),
        (
            Category("机房", "机房", ("北京机房", "上海机房", "广州机房")),
            Category("操作系统", "操作系统", ("Ubuntu", "CentOS", "Windows Server")),
        ),
        (
            Measure("内存(GB)", ("内存",), 8, 512, "GB", 0, "plain"),
            Measure("CPU使用率", ("CPU使用率",), 2, 98, "%", 1, "percent", False),
            Measure("采购价（元）", ("采购价",), 9000, 180000, "元", 0, "comma", False),
        ),
        ("上架日期", "上架"),
        "slash",
    ),
)
